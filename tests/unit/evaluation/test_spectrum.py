"""Numbers of health: against numpy, and at the values that theory gives them."""

import dataclasses

import numpy as np
import pytest
import torch

from selftaught import judging
from selftaught.data import Splits
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.evaluation import evaluate, extract, indicators, spectrum, unsuited
from selftaught.views.engine import Views


def noise(n: int, d: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(200, 30), (30, 200)])
def test_effective_rank_equals_numpy(shape: tuple[int, int]) -> None:
    x = noise(*shape) @ torch.diag(torch.logspace(0, -3, shape[1])) + 4
    values = np.linalg.svd((x - x.mean(0)).double().numpy(), compute_uv=False)
    p = values / values.sum()
    p = p[p > 1e-12]
    assert spectrum.effective_rank(x) == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-3)


def test_effective_rank_counts_directions_that_move() -> None:
    basis = torch.linalg.qr(noise(20, 5)).Q  # 20 pictures, orthonormal columns
    basis = torch.linalg.qr(torch.cat([torch.ones(20, 1), basis], 1)).Q[:, 1:]  # centred
    features = basis @ torch.linalg.qr(noise(16, 5)).Q.T
    assert spectrum.effective_rank(features) == pytest.approx(5, rel=1e-4)
    assert spectrum.effective_rank(features + 3) == pytest.approx(5, rel=1e-3)
    line = torch.linspace(-1, 1, 50)[:, None] * noise(1, 16)
    assert spectrum.effective_rank(line + 100) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("value", [0.0, 0.1, 1234.567])
def test_a_constant_encoder_has_collapsed(value: float) -> None:
    features = (noise(1, 64) * value + value).expand(500, 64)
    health = spectrum.health(features)
    assert health["effective_rank"] == 0
    assert health["spread"] < 1e-3
    if value:
        assert health["mean_cosine"] == pytest.approx(1)


def test_uniform_directions_are_healthy() -> None:
    health = spectrum.health(noise(4000, 64))
    assert health["effective_rank"] > 60
    assert health["spread"] == pytest.approx(1, abs=0.02)
    assert health["mean_cosine"] == pytest.approx(0, abs=0.01)


def test_mean_cosine_equals_all_pairs() -> None:
    x = noise(40, 6) + 0.5
    cosines = torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=-1)
    pairs = cosines[~torch.eye(40, dtype=torch.bool)]
    assert spectrum.mean_cosine(x) == pytest.approx(pairs.mean().item(), abs=1e-5)


def test_alignment_and_uniformity_equal_a_loop() -> None:
    x, y = noise(15, 4), noise(30, 4)[15:]
    x_, y_ = (v / v.norm(dim=1, keepdim=True) for v in (x.double(), y.double()))
    assert spectrum.alignment(x, y) == pytest.approx(
        float(np.mean([((a - b) ** 2).sum() for a, b in zip(x_, y_, strict=True)])), rel=1e-5
    )
    pairs = [((x_[i] - x_[j]) ** 2).sum() for i in range(15) for j in range(i)]
    expected = float(np.log(np.mean(np.exp(-2 * np.array(pairs)))))
    assert spectrum.uniformity(x) == pytest.approx(expected, rel=1e-5)
    assert spectrum.alignment(x, x * 3) == pytest.approx(0, abs=1e-10)


def test_the_protocol_reads_the_bank_and_views_of_it(stripes: Splits, small: Encoder) -> None:
    changes = {"spectrum": {"augmented": 40, "views": 3}}
    found = evaluate(small, stripes, protocols=["spectrum"], changes=changes).results["spectrum"]
    clean = Views.clean(size=12, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3)
    bank = extract(small, stripes.train, clean, device=torch.device("cpu")).features
    assert found.value == pytest.approx(indicators.rankme(bank), rel=1e-5)
    assert found.measure == "rankme"
    scores = found.scores
    assert scores["effective_rank"] == pytest.approx(spectrum.effective_rank(bank), rel=1e-5)
    assert scores["alpha_req"] == pytest.approx(indicators.alpha_req(bank)["alpha"], rel=1e-5)
    assert 1 < scores["lidar"] < 16
    assert 0 < scores["alignment"] < 2
    assert scores["uniformity"] < 0
    dead = (bank.std(0) == 0).double().mean()
    assert scores["dead_dimensions"] == pytest.approx(float(dead))
    assert (found.settings["pictures_augmented"], found.settings["views_used"]) == (40, 4)
    values = np.linalg.svd((bank - bank.mean(0)).double().numpy(), compute_uv=False)
    line = found.curves["singular_values"]
    assert line["x"][0] == 1
    expected = [values[int(x) - 1] / values[0] for x in line["x"]]
    np.testing.assert_allclose(line["y"], expected, rtol=1e-4)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_without_labels_it_reads_the_same_numbers(
    stripes: Splits, small: Encoder, split: str
) -> None:
    changes = {"spectrum": {"augmented": 30, "views": 2}}

    def bare(source: object) -> Resident:
        assert isinstance(source, Resident)
        return Resident(source.pictures)

    blank = dataclasses.replace(
        stripes,
        train=bare(stripes.train),
        validation=bare(stripes.validation),
        test=bare(stripes.test),
        classes=(),
    )
    one, other = (
        evaluate(small, data, split=split, protocols=["spectrum"], changes=changes)
        for data in (stripes, blank)
    )
    assert one.results["spectrum"].facts() == other.results["spectrum"].facts()
    assert torch.equal(other.labels, torch.full((len(other.features),), -1))
    assert torch.equal(other.index, torch.arange(len(other.features)))
    with pytest.raises(Refusal, match="needs labels"):
        evaluate(small, blank, split=split, protocols=["spectrum", "knn"])
    left = unsuited(blank, split, judging.resolve(["all"]))
    assert {"knn", "linear", "finetune"} <= left.keys()
    assert "spectrum" not in left
    assert "it needs labels, and stripes has none in train and validation" in left["knn"]


def test_a_constant_encoder_is_read_too(stripes: Splits, small: Encoder) -> None:
    for parameter in small.parameters():
        parameter.data.zero_()
    changes = {"spectrum": {"augmented": 30, "views": 2}}
    found = evaluate(small, stripes, protocols=["spectrum"], changes=changes).results["spectrum"]
    assert found.value == 0
    assert found.scores["lidar"] == 0
    assert "alpha_req" not in found.scores
    assert found.curves == {}
    assert all(np.isfinite(value) for value in found.scores.values())
