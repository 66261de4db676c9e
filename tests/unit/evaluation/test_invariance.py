"""Invariance says which changes of a picture leave its features where they were."""

import json
import math

import pytest
import torch
from torch import Tensor

from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.evaluation import evaluate
from selftaught.evaluation.invariance import law, operations, unmoved
from selftaught.evaluation.results import Result
from selftaught.evaluation.spectrum import mean_cosine

SIDE = 24


class Reads(Encoder):
    """An encoder that reads one thing alone, so that it is known what it is blind to."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.dim = 2 if what == "nothing" else 3 if what == "colour" else SIDE
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        if self.what == "nothing":
            return torch.ones(len(x), 2)
        if self.what == "colour":
            return x.mean((-2, -1))
        return x.mean((1, 3))  # rows, whatever stands left or right in them


def splits(channels: int = 3) -> Splits:
    def some(n: int, seed: int) -> Resident:
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.randint(0, 256, (n, channels, 4, 4), generator=generator)
        pictures = coarse.repeat_interleave(SIDE // 4, -1).repeat_interleave(SIDE // 4, -2)
        return Resident(pictures.to(torch.uint8), torch.arange(n) % 2)

    half = (0.5,) * channels
    return Splits("blocks", some(40, 0), some(20, 1), some(60, 2), ("a", "b"), SIDE, half, half)


def judged(what: str, **changes: object) -> Result:
    return evaluate(
        Reads(what),
        splits(),
        split="test",
        protocols=["invariance"],
        changes={"invariance": {"pictures": 40} | changes},
    ).results["invariance"]


def test_an_encoder_of_colours_is_blind_to_where_they_stand() -> None:
    scores = judged("colour").scores
    assert scores["flip"] == scores["quarter_turn"] == pytest.approx(1, abs=1e-5)
    assert scores["grayscale"] < 0.6
    assert scores["hue"] < scores["flip"]


def test_an_encoder_of_rows_is_blind_to_a_mirror_and_not_to_a_turn() -> None:
    scores = judged("rows").scores
    assert scores["flip"] == pytest.approx(1, abs=1e-5)
    assert scores["quarter_turn"] < 0.5
    assert scores["solarise"] < 0.9


def test_the_stronger_the_change_the_less_stays() -> None:
    curves = judged("rows").curves
    for name in ("crop", "brightness", "contrast"):
        assert curves[name]["x"] == [0.25, 0.5, 0.75, 1.0]
        assert curves[name]["y"][0] > curves[name]["y"][-1]
    assert curves["flip"]["x"] == [1.0]


def test_an_encoder_that_tells_nothing_apart_is_not_moved_by_anything() -> None:
    result = judged("nothing")
    assert set(result.scores.values()) == {1.0}
    assert result.settings["mean_distance_between_pictures"] == pytest.approx(0, abs=1e-9)


def test_the_share_is_that_of_a_loop_over_pairs() -> None:
    generator = torch.Generator().manual_seed(3)
    clean, changed = torch.randn(2, 9, 5, generator=generator)

    def cosine(a: Tensor, b: Tensor) -> float:
        dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
        return dot / math.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b))

    pairs = [1 - cosine(clean[i], clean[j]) for i in range(9) for j in range(9) if i != j]
    moved = [1 - cosine(a, b) for a, b in zip(clean, clean + 0.3 * changed, strict=True)]
    wanted = 1 - (sum(moved) / 9) / (sum(pairs) / len(pairs))
    found = unmoved(clean, clean + 0.3 * changed, 1 - mean_cosine(clean))
    assert found == pytest.approx(wanted, rel=1e-5)
    assert unmoved(clean, -clean, 1 - mean_cosine(clean)) == 0


def test_a_result_fits_into_json_and_names_no_best_way() -> None:
    result = judged("colour", pictures=10, strengths=[1.0])
    facts = json.loads(json.dumps(result.facts()))
    assert facts["measure"] == "unmoved"
    assert facts["changed_pictures"] == 10
    assert facts["unmoved"] == pytest.approx(sum(result.scores.values()) / len(result.scores))
    assert result.predictions is None


def test_colour_changes_need_colours_and_blur_needs_room() -> None:
    assert "hue" not in operations(1, 32)
    assert "flip" in operations(1, 32)
    assert "blur" not in operations(3, 16)


def test_a_law_holds_one_operation_alone() -> None:
    for name in operations(3, 32):
        view = law(name, 1.0)
        done = [
            view.crop is not None,
            view.flip > 0,
            view.jitter_probability > 0,
            view.grayscale > 0,
            view.blur > 0,
            view.solarise > 0,
        ]
        assert sum(done) == (0 if name == "quarter_turn" else 1), name
    assert law("crop", 1.0).crop == pytest.approx((0.08, 0.08))
    assert law("hue", 0.5).jitter == pytest.approx((0, 0, 0, 0.1))


def test_grey_pictures_are_judged_too() -> None:
    class Flat(Encoder):
        def __init__(self) -> None:
            super().__init__()
            self.dim = SIDE * SIDE

        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1)

    found = evaluate(Flat(), splits(1), split="test", protocols=["invariance"])
    assert "hue" not in found.results["invariance"].scores
