"""CKA: against loops over the definitions, and what it must and must not change with."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from selftaught import encoders
from selftaught.data import Splits
from selftaught.data.channels import convert
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder, files
from selftaught.evaluation import Result, cka, evaluate
from selftaught.keys import shuffle
from selftaught.views.engine import Views


def noise(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)).double()


def kornblith(x: np.ndarray, y: np.ndarray) -> float:
    """Equation 4 of Kornblith et al.: HSIC by centring matrices."""
    n = len(x)
    h = np.eye(n) - 1 / n

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        return float(np.trace(k @ h @ m @ h)) / (n - 1) ** 2

    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / (hsic(k, k) * hsic(m, m)) ** 0.5


def unbiased(k: np.ndarray, m: np.ndarray) -> float:
    """HSIC as Song et al. define it: expectations over distinct pictures, all of them, one by one."""
    n = len(k)
    pairs = [k[i, j] * m[i, j] for i, j in permutations(range(n), 2)]
    triples = [k[i, j] * m[i, q] for i, j, q in permutations(range(n), 3)]
    fours = [k[i, j] * m[q, r] for i, j, q, r in permutations(range(n), 4)]
    return float(np.mean(pairs) + np.mean(fours) - 2 * np.mean(triples))


def related(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = noise(n, 5)
    return x + 3, x[:, :3] @ noise(3, 7, 1) + 0.5 * noise(n, 7, 2)


def test_the_authors_variant_equals_their_definition() -> None:
    x, y = related(40)
    assert cka.cka(x, y, debiased=False) == pytest.approx(kornblith(x.numpy(), y.numpy()), abs=1e-6)


def test_the_debiased_variant_equals_the_mean_over_distinct_pictures() -> None:
    x, y = related(9)
    k, m = (x @ x.T).numpy(), (y @ y.T).numpy()
    expected = unbiased(k, m) / (unbiased(k, k) * unbiased(m, m)) ** 0.5
    assert cka.cka(x, y) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("debiased", [True, False])
def test_turning_scaling_and_shifting_change_nothing_and_order_does(debiased: bool) -> None:
    x, y = related(100)
    found = cka.cka(x, y, debiased=debiased)
    turned = 7 * y @ torch.linalg.qr(noise(7, 7, 3)).Q + 4
    assert cka.cka(x, turned, debiased=debiased) == pytest.approx(found, abs=1e-5)
    assert cka.cka(x, 7 * x + 1, debiased=debiased) == pytest.approx(1, abs=1e-5)
    assert cka.cka(x, y.flip(0), debiased=debiased) < found - 0.2


def test_wide_encoders_with_nothing_in_common_are_alike_only_with_the_bias() -> None:
    pairs = [(noise(60, 300, 2 * s), noise(60, 300, 2 * s + 1)) for s in range(10)]
    assert min(cka.cka(x, y, debiased=False) for x, y in pairs) > 0.7
    assert abs(np.mean([cka.cka(x, y) for x, y in pairs])) < 0.05


def test_a_constant_encoder_is_alike_to_nothing() -> None:
    x, _ = related(50)
    assert cka.cka(x, torch.full((50, 4), 0.1)) == 0


def test_the_matrix_holds_each_pair() -> None:
    x, y = related(30)
    z = noise(30, 2, 9)
    found = cka.matrix([x, y, z])
    assert torch.equal(found, found.T)
    torch.testing.assert_close(found.diagonal(), torch.ones(3).double(), atol=1e-5, rtol=0)
    assert found[0, 2] == pytest.approx(cka.cka(x, z))


def test_other_pictures_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match=r"the same 4 or more pictures, not on \[29, 30\]"):
        cka.matrix([noise(30, 2), noise(29, 2)])
    with pytest.raises(ValueError, match=r"not on \[3\]"):
        cka.cka(noise(3, 2), noise(3, 2))


def test_between_two_files_on_the_queries(stripes: Splits, small: Encoder, tmp_path: Path) -> None:
    seen = {"size": 12, "channels": 3, "levels": 255, "mean": [0.5] * 3, "std": [0.2] * 3}
    twin = encoders.build("resnet_tiny", channels=3, size=12).eval()
    grey = encoders.build("vit_micro", channels=1, size=16).eval()
    files.write(tmp_path / "twin.safetensors", twin, preprocessing=seen)
    one = seen | {"size": 16, "channels": 1, "mean": [0.4], "std": [0.1]}
    files.write(tmp_path / "grey.safetensors", grey, preprocessing=one)
    both = (str(tmp_path / "twin.safetensors"), str(tmp_path / "grey.safetensors"))

    def read(encoder: Encoder, **parameters: object) -> Result:
        changes = {"cka": parameters}
        return evaluate(encoder, stripes, protocols=["cka"], changes=changes).results["cka"]

    itself = read(twin, other=both[0])
    assert itself.value == pytest.approx(1, abs=1e-4)
    found = read(small, other=both, pictures=40)
    assert found.settings["pictures_compared"] == 40
    each = [found.scores[f"debiased_{name}"] for name in both]
    assert found.value == pytest.approx(sum(each) / 2)
    rows = shuffle(45, seed=0, epoch=0)[:40]
    held = stripes.validation
    assert isinstance(held, Resident)
    view = Views.clean(size=16, channels=1, levels=255, mean=(0.4,), std=(0.1,))
    pictures = view.apply(convert(held.pictures[rows], 1), view.plan(None, held.sizes[rows]))[0]
    own = Views.clean(size=12, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3)
    mine = own.apply(held.pictures[rows], own.plan(None, held.sizes[rows]))[0]
    expected = cka.cka(small(mine).detach(), grey(pictures).detach())
    assert each[1] == pytest.approx(expected, abs=1e-4)


def test_the_looks_of_a_run_make_a_curve_over_its_epochs(stripes: Splits, tmp_path: Path) -> None:
    seen = {"size": 12, "channels": 3, "levels": 255, "mean": [0.5] * 3, "std": [0.2] * 3}
    folder = tmp_path / "encoders"
    early, late = (encoders.build("resnet_tiny", channels=3, size=12).eval() for _ in range(2))
    for step, epoch, encoder in ((20, 2.0, late), (0, 0.0, early)):
        path = folder / f"step-{step:08d}.safetensors"
        files.write(path, encoder, preprocessing=seen, about={"epoch": epoch})
    changes = {"cka": {"other": str(folder)}}
    found = evaluate(late, stripes, protocols=["cka"], changes=changes).results["cka"]
    drawn = found.curves[f"by_epoch_of_{folder}"]
    assert drawn["x"] == [0.0, 2.0]
    assert drawn["y"][1] == pytest.approx(1, abs=1e-4)
    assert drawn["y"][0] < 0.99
    assert found.value == pytest.approx(sum(drawn["y"]) / 2)


def test_without_another_encoder_it_says_what_to_name(stripes: Splits, tmp_path: Path) -> None:
    plain = {"other": "", "pictures": 1000}
    assert cka.suits(stripes, "validation", plain) == (
        "it needs another encoder; name a run folder, a file, or the looks that a run kept: "
        "cka.other=RUN or cka.other=RUN/encoders."
    )
    missing = cka.suits(stripes, "validation", plain | {"other": str(tmp_path / "no")})
    assert missing is not None
    assert "There is no file" in missing
    few = cka.suits(stripes, "validation", {"other": "x", "pictures": 3})
    assert few == "cka.pictures=3 are too few; give 4 or more."
