"""Words to a validated run, and the sentences for words that mean nothing."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from selftaught import config
from selftaught.errors import Refusal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0.5", 0.5),
        ("1e-4", 1e-4),
        ("5E-4", 5e-4),
        ("-1e3", -1000.0),
        ("true", True),
        ("resnet18", "resnet18"),
        ("timm:resnet18", "timm:resnet18"),
        ("./a folder/x", "./a folder/x"),
        ("0,0", [0, 0]),
        ("[0,0]", [0, 0]),
        ("25,0,1", [25, 0, 1]),
        ("[25, 0, 1]", [25, 0, 1]),
        ("0.996,1.0", [0.996, 1.0]),
        ("1e-4,1e-3", [1e-4, 1e-3]),
        ("[1e-4]", [1e-4]),
    ],
)
def test_a_value_is_read_as_it_is_meant(text: str, value: Any) -> None:
    found = config.parse(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["[1, 2", "{", "a: b: c"])
def test_a_value_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="cannot be read as a value"):
        config.parse(text)


def test_overrides_are_split_at_the_first_equals_sign() -> None:
    assert config.split_overrides(["a.b=1", " c = 2,3 ", "d=x=y"]) == {
        "a.b": 1,
        "c": [2, 3],
        "d": "x=y",
    }


@pytest.mark.parametrize("word", ["batch", "=3", " =3"])
def test_a_word_that_is_no_override_is_refused(word: str) -> None:
    with pytest.raises(Refusal, match="is not an override; write key=value"):
        config.split_overrides([word])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("simclr", ("simclr", {})),
        ("byol:momentum=0,0", ("byol", {"momentum": [0, 0]})),
        ("byol:momentum=[0,0]", ("byol", {"momentum": [0, 0]})),
        ("vicreg:weights=25,0,1;epochs=20", ("vicreg", {"weights": [25, 0, 1], "epochs": 20})),
        (
            " simclr : encoder=timm:resnet18 ; batch=8 ;",
            ("simclr", {"encoder": "timm:resnet18", "batch": 8}),
        ),
    ],
)
def test_a_contestant_is_a_method_with_overrides(text: str, expected: Any) -> None:
    assert config.contestant(text) == expected


@pytest.mark.parametrize("text", ["", ":momentum=0,0"])
def test_a_contestant_without_a_method_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="names no method"):
        config.contestant(text)


def test_an_override_where_a_contestant_stands_is_told_its_place() -> None:
    with pytest.raises(Refusal, match=r"'batch=64' is no method .*--set batch=64"):
        config.contestant("batch=64")


def test_brackets_make_no_difference() -> None:
    one, two = (
        config.resolve("byol", config.split_overrides([word]))
        for word in ("momentum=0,0", "momentum=[0,0]")
    )
    assert one == two
    assert one.parameters()["momentum"] == (0.0, 0.0)


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recipes of the test's own, so that tuning ours changes nothing here."""

    class Here:
        @staticmethod
        def files(package: str) -> Path:
            return tmp_path

    monkeypatch.setattr(config.recipes, "resources", Here)

    def put(file: str, **content: Any) -> None:
        path = tmp_path / "recipes" / f"{file}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    put("shapes/every-method", epochs=5, batch=32, data={"validation": 0.2}, seed=4)
    put(
        "shapes/simclr",
        epochs=7,
        batch=64,
        method={"temperature": 0.3},
        optimiser={"name": "lars", "rate": 0.9, "warmup": 0.2},
        encoder={"name": "resnet_tiny"},
        data={"take": 100},
    )
    put("folder/every-method", epochs=9)
    return tmp_path


def test_overrides_win_over_the_recipe_and_later_ones_over_earlier(recipes: Path) -> None:
    plain = config.resolve("simclr", {"data": "shapes"})
    assert (plain.epochs, plain.batch, plain.parameters()["temperature"]) == (7, 64, 0.3)
    assert plain.optimiser == config.Optimiser(name="lars", rate=0.9, warmup=0.2)
    assert (plain.data.name, plain.data.validation, plain.data.take) == ("shapes", 0.2, 100)
    assert plain.seed == 4
    run = config.resolve(
        "simclr",
        {"data": "shapes", "epochs": 20, "temperature": 0.5},
        {"epochs": 30, "optimiser.rate": 0.1, "encoder": "resnet18"},
    )
    assert (run.epochs, run.batch, run.parameters()["temperature"]) == (30, 64, 0.5)
    assert (run.optimiser.rate, run.optimiser.name) == (0.1, "lars")
    assert run.encoder.name == "resnet18"


def test_other_data_get_the_recipe_for_folders(recipes: Path) -> None:
    assert config.resolve("simclr", {"data": "shapes"}).epochs == 7
    assert config.resolve("byol", {"data": "shapes"}).epochs == 5
    for data in ("./pictures", "./shapes", "pictures/shapes", "/", ".", ".."):
        assert config.resolve("simclr", {"data": data}).epochs == 9


def test_another_optimiser_needs_a_rate_of_its_own(recipes: Path) -> None:
    with pytest.raises(Refusal, match=r"found for lars and does not suit adamw; give optimiser\."):
        config.resolve("simclr", {"data": "shapes", "optimiser": "adamw"})
    with pytest.raises(Refusal, match="found for lars"):
        config.resolve("simclr", {"data": "shapes", "optimiser.name": "sgd"})
    run = config.resolve(
        "simclr", {"data": "shapes", "optimiser": "adamw", "optimiser.rate": 0.001}
    )
    assert (run.optimiser.name, run.optimiser.rate) == ("adamw", 0.001)
    assert config.resolve("simclr", {"data": "shapes", "optimiser": "lars"}).optimiser.rate == 0.9


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("temprature", "temperature"),
        ("projecter", "projector"),
        ("epoch", "epochs"),
        ("bach", "batch"),
        ("optimizer.rate", "optimiser.rate"),
        ("optimiser.rat", "optimiser.rate"),
        ("encoder.nam", "encoder.name"),
        ("views.greyscale", "views.grayscale"),
        ("momentum", "optimiser.momentum"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(key: str, near: str) -> None:
    with pytest.raises(Refusal, match=f"^simclr has no key '{key}'; did you mean '{near}'"):
        config.resolve("simclr", {key: 1})


def test_a_key_that_is_too_deep_is_refused() -> None:
    with pytest.raises(Refusal, match=r"epochs\.x"):
        config.resolve("simclr", {"epochs": 3, "epochs.x": 1})
    with pytest.raises(Refusal, match=r"optimiser\.rate\.x"):
        config.resolve("simclr", {"optimiser.rate": 1, "optimiser.rate.x": 1})


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("simclr", "temperature", 0),
        ("simclr", "temperature", float("nan")),
        ("simclr", "projector", []),
        ("simclr", "projector", [0, 8]),
        ("byol", "momentum", [0.5, 1.5]),
        ("byol", "momentum", [0.5]),
        ("byol", "momentum", 0.5),
        ("vicreg", "weights", [25, -1, 1]),
        ("vicreg", "weights", ["a", 1, 1]),
        ("supervised", "smoothing", 2),
        ("simclr", "epochs", 0),
        ("simclr", "epochs", 1.5),
        ("simclr", "batch", "many"),
        ("simclr", "seed", -1),
        ("simclr", "seed", 2**63),
        ("simclr", "optimiser.rate", float("inf")),
        ("simclr", "optimiser", "adam"),
        ("simclr", "optimiser.warmup", 1),
        ("simclr", "data.validation", 1.2),
        ("simclr", "data.workers", -1),
        ("simclr", "device", "tpu"),
        ("simclr", "precision", "float8"),
        ("simclr", "encoder.stem", "big"),
        ("simclr", "views.blur", [0.5, 1.5]),
    ],
)
def test_a_value_out_of_range_is_refused_in_one_sentence(name: str, key: str, value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        config.resolve(name, {key: value})
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: {key}")
    assert "\n" not in sentence
    assert "cannot be used" in sentence
    assert sentence.count("'optimiser'") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("./pictures", "./pictures/", True),
        ("./pictures", "../{here}/pictures", True),
        ("./pictures", "{whole}/pictures", True),
        ("./pictures", "./others", False),
        ("./shapes", "shapes", False),
        ("shapes", "digits", False),
    ],
)
def test_a_folder_is_the_same_however_it_is_spelled(one: str, other: str, same: bool) -> None:
    here = Path.cwd()
    names = (one, other.format(here=here.name, whole=here))
    runs = [
        config.resolve("simclr", {"data": name, "recipe": "shapes", "seed": 1}) for name in names
    ]
    assert (config.differences(*runs) == []) is same


def test_null_takes_back_what_a_recipe_or_an_earlier_override_gave() -> None:
    known = config.resolve("mae", {"data": "shapes", "recipe": "shapes-vit"})
    assert known.encoder.patch is not None
    taken = config.resolve(
        "mae", {"data": "shapes", "recipe": "shapes-vit"}, {"encoder.patch": None}
    )
    assert taken.encoder.patch is None
    with pytest.raises(Refusal, match="no key 'views\\.nonsense'"):
        config.resolve("simclr", {"views.nonsense": None})


def test_one_of_several_needs_no_comma() -> None:
    run = config.resolve("simclr", {"projector": 64, "views.sides": 24})
    assert run.method.projector == (64,)  # type: ignore[attr-defined]
    assert run.views.sides == (24,)


@pytest.mark.parametrize(("key", "value"), [("optimiser.betas", 0.9), ("views.crop", 0.5)])
def test_a_pair_of_one_is_refused_in_words(key: str, value: float) -> None:
    with pytest.raises(Refusal, match=f"{key}={value} cannot be used: it is one value; give"):
        config.resolve("simclr", {key: value})


def test_an_unknown_method_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="'vicregg'; did you mean 'vicreg'"):
        config.resolve("vicregg")


def test_a_methods_key_and_the_runs_key_of_the_same_word_do_not_mix() -> None:
    """BYOL has a momentum, and so has SGD."""
    run = config.resolve("byol", {"momentum": [0.5, 1], "optimiser.momentum": 0.7})
    assert run.parameters()["momentum"] == (0.5, 1.0)
    assert run.optimiser.momentum == 0.7
    assert config.resolve("simclr", {"optimiser.momentum": 0.7}).optimiser.momentum == 0.7


def test_a_run_cannot_be_changed_after_it_was_checked() -> None:
    run = config.resolve("simclr")
    with pytest.raises(ValueError, match="frozen"):
        run.epochs = 3


@pytest.mark.parametrize("name", ["simclr", "byol", "vicreg", "supervised", "pixels"])
def test_what_is_written_is_read_back(name: str, tmp_path: Path) -> None:
    run = config.resolve(name, {"optimiser.rate": 1e-4, "seed": 2**62, "views.blur": [0.1, 1]})
    config.write(run, tmp_path / "run.yaml")
    again = config.read(tmp_path / "run.yaml")
    assert pickle.loads(pickle.dumps(run)) == again == run, "to another process, too"
    assert config.differences(run, again) == []


def test_what_cannot_be_read_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"is not a run folder: it has no run\.yaml"):
        config.read(tmp_path / "run.yaml")
    for text, reason in {
        "": "it does not name its method",
        "a: [": "line 1: expected the node content",
        "method: simclr": "it does not name its method",
        "method: {name: simclr}": "data: Field required",
        "method: {nam: x}": "it does not name its method",
    }.items():
        (tmp_path / "run.yaml").write_text(text)
        with pytest.raises(Refusal, match=rf"cannot be read as a run \({reason}.*\)\. Put back"):
            config.read(tmp_path / "run.yaml")


def test_differences_name_the_keys_and_both_values() -> None:
    one = config.resolve("simclr", {"temperature": 0.1, "epochs": 5})
    two = config.resolve("simclr", {"temperature": 0.2, "epochs": 5})
    assert config.differences(two, one) == ["method.temperature: 0.1, now 0.2"]


def test_the_machine_makes_no_other_run() -> None:
    elsewhere = {"device": "cpu", "threads": 3, "data.workers": 2, "data.root": "/elsewhere"}
    assert config.differences(config.resolve("simclr"), config.resolve("simclr", elsewhere)) == []


def test_the_fingerprint_is_empty_for_the_plain_recipe_whatever_the_seed() -> None:
    plain = config.resolve("simclr")
    assert config.fingerprint(plain, beside=plain) == ""
    assert config.fingerprint(config.resolve("simclr", {"seed": 3}), beside=plain) == ""


def test_the_fingerprint_tells_changes_apart_and_stays() -> None:
    plain = config.resolve("simclr")
    marks = [
        config.fingerprint(config.resolve("simclr", change), beside=plain)
        for change in (
            {"temperature": 0.7},
            {"temperature": 0.7, "seed": 5},
            {"temperature": 0.8},
            {"epochs": plain.epochs + 1},
        )
    ]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
    assert all(len(mark) == 8 for mark in marks)


def test_all_of_it_works_without_torch(tmp_path: Path) -> None:
    """A mistyped word is answered at once because nothing heavy is loaded for it."""
    code = """
import sys
from selftaught import config, interface, catalogue, comparison
from selftaught.errors import Refusal
run = config.resolve("byol", {"momentum": [0, 0], "epochs": 20})
interface.default_folder(run)
comparison.plan(["simclr", "byol:momentum=0,0"], out=__import__("pathlib").Path("new"), seeds=3)
[catalogue.entry(name) for name in catalogue.names()]
try:
    config.resolve("simclr", {"temprature": 1})
except Refusal:
    pass
heavy = {"torch", "torchvision", "timm", "sklearn", "scipy", "numpy", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""
    environment = os.environ | {"PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", ["shapes", "cifar10-cpu"])
@pytest.mark.parametrize("method", ["mae", "simmim", "ijepa", "ibot"])
def test_what_needs_a_vit_is_taught_as_in_the_table_of_vits(method: str, data: str) -> None:
    """The recipes of both tables say so twice, since a recipe is read by itself; here they cannot part."""
    one, other = (
        config.recipe(method, data, data),
        config.recipe(method, f"{data}-vit", f"{data}-vit"),
    )
    for part in ("encoder", "optimiser", "views", "method", "batch"):
        assert one.get(part) == other.get(part), part
