"""The folder is the registry; bad files are refused with a sentence, other packages are found."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftaught import catalogue, config
from selftaught.catalogue import of_methods
from selftaught.errors import Refusal

GOOD = '''"""Mine (Somebody et al., 2031), https://example.org/1234, Algorithm 1.

    one line of plain words
"""

from typing import Literal

from selftaught.batch import Batch
from selftaught.methods import Method, Outputs
from selftaught.types import Positive, Widths


class Mine(Method):
    def __init__(
        self,
        encoder,
        *,
        projector: Widths = (8, 4),
        temperature: Positive = 0.5,
        distance: Literal["cosine", "euclidean"] = "cosine",
    ) -> None:
        super().__init__(encoder)
        self.temperature = temperature

    def forward(self, batch: Batch) -> Outputs:
        h = self.encoder(batch.views[0])
        return Outputs({"mine": h.square().mean() * self.temperature}, features=h)
'''


def read(tmp_path: Path, text: str) -> catalogue.Entry:
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    return of_methods.read(path, "somewhere.mine", "pretext")


def test_the_built_in_methods_are_the_files_of_the_folder() -> None:
    assert {"simclr", "byol", "vicreg", "supervised", "pixels"} <= set(catalogue.names())
    for name, path in catalogue.built_in().items():
        assert path.stem == name
        assert catalogue.entry(name).family == path.parent.name


def test_a_file_says_its_paper_and_its_parameters(tmp_path: Path) -> None:
    entry = read(tmp_path, GOOD)
    assert (entry.name, entry.class_name, entry.family) == ("mine", "Mine", "pretext")
    assert entry.title == "Mine (Somebody et al., 2031)"
    assert entry.year == 2031
    assert entry.link == "https://example.org/1234"
    assert not entry.baseline
    assert {key: p.default for key, p in entry.parameters.items()} == {
        "projector": (8, 4),
        "temperature": 0.5,
        "distance": "cosine",
    }


TOLD = '''"""Told (Somebody, 2031), https://example.org/5678."""


class Told(Method):
    """One line.

    Args:
        projector: widths of its layers,
            the last being its output.
        momentum: start: and end.

    Raises:
        ValueError: never.
    """

    needs = Needs(views=4, more=True, small=6, tokens=True, preset="weak")
    seeded = False

    def __init__(
        self,
        encoder,
        *,
        projector: Widths = (8, 4),
        momentum: Momentum = (0.9, 1.0),
        queue: Length = 0,
    ) -> None:
        super().__init__(encoder)
        self.teacher = Teacher(encoder)
        self.slow = Teacher(self.teacher)
        self.sharpen, self.head = Sharpener(4), Unknown(4)
        self.register_buffer("memory", torch.zeros(queue))
        self.other.register_buffer("memory", torch.zeros(queue))


class Helper:
    """Args:
        queue: of another class.
    """
'''


def test_needs_that_cannot_be_read_as_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "told.py"
    file.write_text(TOLD.replace("views=4", "views=FOUR"))
    with pytest.raises(Refusal, match="'needs' cannot be read"):
        of_methods.read(file, "told", "test")


def test_a_buffer_whose_name_is_made_up_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "told.py"
    file.write_text(TOLD.replace('self.register_buffer("memory"', "self.register_buffer(name"))
    assert "memory" in of_methods.read(file, "told", "test").state, "the other one is still read"
    file.write_text(TOLD.replace('register_buffer("memory"', "register_buffer(name"))
    assert "memory" not in of_methods.read(file, "told", "test").state


def test_what_a_parameter_means_stands_in_the_class(tmp_path: Path) -> None:
    meanings = {key: p.meaning for key, p in read(tmp_path, TOLD).parameters.items()}
    assert meanings == {
        "projector": "widths of its layers, the last being its output.",
        "momentum": "start: and end.",
        "queue": "",
    }


def test_a_class_that_says_nothing_has_parameters_without_a_meaning(tmp_path: Path) -> None:
    entry = read(tmp_path, GOOD)
    assert {parameter.meaning for parameter in entry.parameters.values()} == {""}
    assert (entry.needs, entry.state, entry.encoders, entry.seeded) == ({}, (), "any", True)


def test_a_file_says_what_the_method_needs_and_what_it_carries(tmp_path: Path) -> None:
    entry = read(tmp_path, TOLD)
    assert entry.needs == {"views": 4, "more": True, "small": 6, "tokens": True, "preset": "weak"}
    assert entry.encoders == "ViT"
    assert entry.state == ("teacher", "centre", "memory")  # each once
    assert not entry.seeded


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("simclr", ()),
        ("byol", ("teacher",)),
        ("moco", ("teacher", "queue")),
        ("swav", ("queue",)),
        ("tico", ("teacher", "c")),
        ("dino", ("teacher", "centre")),
    ],
)
def test_the_methods_carry_what_their_papers_say(name: str, state: tuple[str, ...]) -> None:
    assert catalogue.entry(name).state == state


def test_the_parts_that_are_known_to_hold_state_exist() -> None:
    folder = Path(catalogue.__file__).parents[1] / "parts"
    written = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    for name in of_methods.STATEFUL:
        assert f"class {name}(" in written


@pytest.mark.parametrize("count", [0, 2])
def test_a_file_with_no_method_or_two_is_refused(count: int, tmp_path: Path) -> None:
    classes = "".join(f"class M{i}(Method):\n    pass\n" for i in range(count))
    with pytest.raises(Refusal, match=f"holds {count} methods.*exactly one"):
        read(tmp_path, f'"""Doc."""\n{classes}class Other:\n    pass\n')


@pytest.mark.parametrize("argument", ["temperature", "temperature: float", "temperature=0.1"])
def test_a_parameter_without_type_or_default_is_refused(argument: str, tmp_path: Path) -> None:
    text = f"class M(Method):\n    def __init__(self, encoder, *, {argument}):\n        pass\n"
    with pytest.raises(Refusal, match="'temperature' needs a type and a default"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "argument",
    ["temperature: Positiv = 0.1", "temperature: Positive = 1 / 10", "temperature: np.x = 1"],
)
def test_a_type_or_default_that_cannot_be_read_is_refused(argument: str, tmp_path: Path) -> None:
    text = f"class M(Method):\n    def __init__(self, encoder, *, {argument}):\n        pass\n"
    with pytest.raises(Refusal, match=r"mine\.py: 'temperature: .*selftaught\.types"):
        read(tmp_path, text)


def test_a_file_that_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"mine\.py.*line 1"):
        read(tmp_path, "class M(Method:\n")


def test_an_unknown_method_is_answered_with_the_nearest() -> None:
    with pytest.raises(Refusal, match="'simclrr'; did you mean 'simclr'"):
        catalogue.entry("simclrr")


def test_protocols_are_found_and_misspelt_ones_refused() -> None:
    assert {"knn", "linear"} <= set(catalogue.protocols())
    assert catalogue.asked_protocols(["linear", "linear"]) == ("linear",)
    assert catalogue.asked_protocols(["linear", "all"]) == catalogue.protocols()
    with pytest.raises(Refusal, match="'knm'; did you mean 'knn'"):
        catalogue.asked_protocols(["linear", "knm"])
    with pytest.raises(Refusal, match="No protocol"):
        catalogue.asked_protocols([])


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package beside ours, as pip leaves it: modules, and a dist-info folder with entry points."""
    package = tmp_path / "elsewhere"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "mine.py").write_text(GOOD, encoding="utf-8")
    info = tmp_path / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[selftaught.methods]\nmine = elsewhere.mine\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    catalogue.entry.cache_clear()
    yield tmp_path
    catalogue.entry.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "elsewhere"]:
        del sys.modules[name]


def test_a_method_of_another_package_is_found_read_and_built(installed: Path) -> None:
    assert catalogue.names()[-1] == "mine"
    entry = catalogue.entry("mine")
    assert entry.family == "elsewhere"
    assert entry.module == "elsewhere.mine"
    run = config.resolve("mine", {"temperature": 2, "distance": "euclidean"})
    assert run.parameters() == {"projector": (8, 4), "temperature": 2.0, "distance": "euclidean"}
    with pytest.raises(Refusal, match="temperature=-1"):
        config.resolve("mine", {"temperature": -1})
    with pytest.raises(Refusal, match="did you mean 'mine'"):
        catalogue.entry("minee")
    assert entry.load().__name__ == "Mine"


def test_an_entry_point_whose_module_is_gone_is_refused(installed: Path) -> None:
    (installed / "elsewhere" / "mine.py").unlink()
    with pytest.raises(Refusal, match=r"mine.*elsewhere\.mine"):
        catalogue.entry("mine")
    (installed / "elsewhere-1.0.dist-info" / "entry_points.txt").write_text(
        "[selftaught.methods]\nmine = gone.mine\n"
    )
    catalogue.entry.cache_clear()
    with pytest.raises(Refusal, match=r"mine.*gone\.mine"):
        catalogue.entry("mine")
