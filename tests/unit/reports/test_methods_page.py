"""The table of methods and the page of one, as text; the same as facts."""

import io
import json

import pytest
from rich.console import Console, RenderableType

from selftaught import catalogue, config
from selftaught.errors import Refusal
from selftaught.reports import methods


def text(made: RenderableType, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(made)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_has_a_line_for_every_method() -> None:
    head, *lines = text(methods.table()).rstrip().splitlines()
    assert head.split() == ["method", "family", "paper", "encoders", "carries"]
    assert [line.split()[0] for line in lines] == catalogue.names()
    found = {line.split()[0]: line for line in lines}
    assert "self distillation" in found["byol"]
    assert found["byol"].rstrip().endswith("any       teacher")
    assert "ViT" in found["mae"]
    assert "any" not in found["pixels"].split()  # a baseline brings its own encoder, or takes any


def test_the_page_says_what_every_parameter_means_and_its_default() -> None:
    page = text(methods.page("byol"))
    entry = catalogue.entry("byol")
    assert page.startswith("BYOL (Grill et al., 2020), https://arxiv.org/abs/2006.07733")
    assert "  student: q(g(f(v)))" in page  # the equation keeps its line
    for key, parameter in entry.parameters.items():
        (line,) = [each for each in page.splitlines() if each.startswith(f"  {key}=")]
        assert parameter.meaning in line
    assert "momentum=0.996,1.0 " in page
    assert "Takes 2 views or more of a picture, any encoder. Carries teacher." in page


def test_a_page_says_small_crops_labels_and_the_kind_of_encoder() -> None:
    assert "2 views or more of a picture, 8 small crops (any number)" in text(methods.page("dino"))
    assert "learns from labels. Carries nothing but its weights." in text(methods.page("supcon"))
    assert "Takes 1 view of a picture, a ViT." in text(methods.page("mae"))


def test_a_meaning_in_brackets_is_printed_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    parameter = catalogue.Parameter(float, 0.5, "in [low] and [bold]high[/bold].")
    entry = catalogue.entry("simclr")
    changed = catalogue.Entry(**{**vars(entry), "parameters": {"temperature": parameter}})
    monkeypatch.setattr(catalogue, "entry", lambda name: changed)
    monkeypatch.setattr(config, "recipes_of", lambda name: {})
    assert "in [low] and [bold]high[/bold]." in text(methods.page("simclr"))


def test_recipes_stand_with_their_results_or_say_that_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = {"encoder": {"name": "resnet_tiny"}, "epochs": 9, "batch": 32}
    tree |= {"optimiser": {"name": "sgd", "rate": 0.25}}
    known = {"knn": 0.61, "linear": 0.703, "split": "validation", "seeds": 3}
    shorter = {**known, "epochs": 4, "seeds": 1}
    recipes = {
        "here": {**tree, "measured": known},
        "shorter": {**tree, "measured": shorter},
        "there": tree,
    }
    monkeypatch.setattr(config, "recipes_of", lambda name: recipes)
    lines = text(methods.page("simclr")).splitlines()
    here, short, there = (next(x for x in lines if x.startswith(f"  {key} ")) for key in recipes)
    assert "resnet_tiny, 9 epochs, batch 32, sgd 0.25" in here
    assert here.rstrip().endswith("knn 61.0%, linear 70.3% on validation, 3 seeds")
    assert short.rstrip().endswith("linear 70.3% on validation after 4 epochs, 1 seed")
    assert there.rstrip().endswith("not yet measured by us")
    facts = methods.facts("simclr")["recipes"]
    assert facts["here"]["measured"] == known
    assert "measured" not in facts["there"]


def test_a_baseline_has_neither_appetite_nor_recipes() -> None:
    page = text(methods.page("pca"))
    assert "dims=128" in page
    assert "Takes" not in page
    assert "Recipes" not in page


@pytest.mark.parametrize("name", catalogue.names())
def test_facts_of_every_method_fit_into_json(name: str) -> None:
    facts = json.loads(json.dumps(methods.facts(name), allow_nan=False))
    keys = {"name", "family", "title", "year", "link", "baseline", "sees_labels", "encoders"}
    assert set(facts) == keys | {"state", "views", "parameters", "meanings", "recipes"}
    assert facts["name"] == name
    assert list(facts["meanings"]) == list(facts["parameters"])
    assert text(methods.page(name), width=80)


def test_an_unknown_method_has_no_page() -> None:
    for ask in (methods.page, methods.facts):
        with pytest.raises(Refusal, match="did you mean 'simclr'"):
            ask("simclrr")
