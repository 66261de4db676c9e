"""What is refused before anything is written."""

import pytest
import torch

from selftaught import catalogue, config
from selftaught.errors import Refusal
from selftaught.methods.self_distillation.dino import DINO
from selftaught.training import prepare
from selftaught.training.setup import seed_dropout, torch_seed

SMALL = {
    "data": "shapes",
    "data.take": 120,
    "encoder": "resnet_tiny",
    "encoder.stem": "strided",
    "batch": 16,
    "projector": [16, 8],
}


def with_queue(rows: int) -> config.Run:
    return config.resolve("moco", SMALL, {"queue": rows})


def test_a_queue_longer_than_half_of_the_pictures_is_refused_with_a_good_length() -> None:
    """108 of the 120 pictures are learnt from; 48 is the largest multiple of 16 within 54."""
    with pytest.raises(Refusal, match=r"queue of 55 rows.*108 pictures.*queue=48 or fewer"):
        prepare(with_queue(55))


@pytest.mark.parametrize("rows", [48, 54])
def test_a_queue_of_half_of_the_pictures_is_not(rows: int) -> None:
    assert prepare(with_queue(rows)).model is not None


# How many views, how many small crops, which encoder ------------------------------------------------

HEADS = {"projector", "prototypes"}


def wanted(name: str, **changes: object) -> config.Run:
    own = catalogue.entry(name).parameters
    small = {**SMALL, "prototypes": 12}
    run = {key: value for key, value in small.items() if key in own or key not in HEADS}
    dotted = {key.replace("__", "."): value for key, value in changes.items()}
    return config.resolve(name, run, dotted)


def shown(run: config.Run) -> list[tuple[int, int]]:
    """How many views of which side."""
    return [(len(group), group.side) for group in prepare(run).views.groups]


def test_a_method_is_shown_as_many_views_as_it_asks_for() -> None:
    assert shown(wanted("simclr")) == [(2, 32)]
    assert shown(wanted("supervised")) == [(1, 32)]
    assert shown(wanted("dino", views__size=32, views__small=DINO.needs.small)) == [
        (2, 32),
        (8, 14),
    ]


def test_the_configuration_may_ask_for_more() -> None:
    assert shown(wanted("simclr", views__count=4)) == [(4, 32)]
    assert shown(wanted("dino", views__size=32, views__count=3, views__small=1)) == [
        (3, 32),
        (1, 14),
    ]
    assert shown(wanted("dino", views__size=32, views__small=0)) == [(2, 32)]


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        (
            "simclr",
            1,
            r"views\.count=1 does not suit simclr, which takes 2 or more .* views\.count=2",
        ),
        ("supervised", 2, r"views\.count=2 does not suit supervised, which takes exactly 1 "),
    ],
)
def test_too_few_and_too_many_views_are_refused(name: str, count: int, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        prepare(wanted(name, views__count=count))


def test_small_crops_are_refused_where_none_are_taken_and_a_taker_is_named() -> None:
    with pytest.raises(Refusal, match=r"simclr does not take small crops; .*small=0, .*dino"):
        prepare(wanted("simclr", views__small=2))
    assert shown(wanted("simclr", views__small=0)) == [(2, 32)]


def test_a_method_of_patches_refuses_a_resnet_and_names_a_vit() -> None:
    with pytest.raises(Refusal, match=r"ibot hides patches .* resnet_tiny .*encoder=vit_tiny"):
        prepare(wanted("ibot", encoder="resnet_tiny"))


def test_a_vits_small_crops_are_whole_patches() -> None:
    vit = {"encoder": "vit_micro", "encoder__stem": "auto", "encoder__patch": 4}
    run = wanted("ibot", **vit, views__small=1)
    assert shown(run) == [(2, 32), (1, 12)]
    with pytest.raises(Refusal, match="multiple of the encoder's 4 px patches"):
        prepare(wanted("ibot", **vit, views__small=1, views__small_size=14))


def test_dropout_follows_from_seed_and_step_and_asks_nothing_of_other_devices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", asked.append)

    def dropped(seed: int, step: int) -> list[float]:
        seed_dropout(torch.device("cpu"), seed, step)
        return torch.nn.functional.dropout(torch.ones(64)).tolist()

    assert dropped(0, 5) == dropped(0, 5)
    assert dropped(0, 5) != dropped(0, 6)
    assert dropped(0, 5) != dropped(1, 5)
    assert asked == []
    generator = torch.Generator().manual_seed(torch_seed(0, 5))
    expected = torch.empty(64).bernoulli_(0.5, generator=generator) * 2
    assert dropped(0, 5) == expected.tolist()


def test_sides_that_do_not_suit_are_refused_before_anything_is_built() -> None:
    vit = {key: value for key, value in SMALL.items() if key != "projector"}
    vit |= {"encoder": "vit_micro", "encoder.stem": "auto"}
    hides = "mae hides patches of one grid, and views.sides=16,32 would change it"
    with pytest.raises(Refusal, match=hides):
        prepare(config.resolve("mae", vit, {"views.sides": [16, 32]}))
    with pytest.raises(Refusal, match=r"views\.sides has 18 px.*patches of 4 px.*give 16"):
        prepare(config.resolve("simclr", vit, {"views.sides": [18, 32]}))
    assert prepare(config.resolve("simclr", vit, {"views.sides": [16]})).views.size == 16
