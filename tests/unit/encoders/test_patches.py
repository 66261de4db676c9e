"""Random patches against a slow transcription of the paper, patch by patch in float64."""

import pytest
import torch
from torch import Tensor

from selftaught.encoders import build, patches
from selftaught.encoders.patches import RandomPatches
from selftaught.errors import Refusal


def pictures(n: int = 40, channels: int = 3, size: int = 12) -> Tensor:
    """Smooth pictures, so that neighbouring pixels are correlated as in photographs."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(n, channels, size + 4, size + 4, generator=generator)
    return 3 * torch.nn.functional.avg_pool2d(noise, 5, 1)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough for the whitening of small patches, and fast."""
    monkeypatch.setattr(patches, "SAMPLE", 4000)


def normalised(patch: Tensor) -> Tensor:
    patch = patch.double().flatten()
    patch = patch - patch.mean()
    return patch / (patch.var(correction=0) + patches.CONTRAST).sqrt()


def test_features_equal_whitened_patches_compared_one_by_one() -> None:
    given = pictures()
    encoder = RandomPatches(channels=3, size=12, patches=10, patch=4, threshold=0.2)
    encoder.fit(given, seed=3)

    generator = torch.Generator().manual_seed(3)
    drawn = encoder._sample(given, generator)
    # Whatever is drawn must be a patch of some picture.
    every = given.unfold(2, 4, 1).unfold(3, 4, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 48)
    assert (torch.cdist(drawn[:20], every).amin(1) < 1e-2).all()
    x = torch.stack([normalised(p) for p in drawn])
    mean = x.mean(0)
    covariance = torch.cov(x.T, correction=0)
    values, vectors = torch.linalg.eigh(covariance)
    zca = vectors @ torch.diag((values.clamp(min=0) + patches.WHITENING) ** -0.5) @ vectors.T
    chosen = torch.randperm(len(x), generator=generator)[:10]
    dictionary = (x[chosen] - mean) @ zca
    dictionary = dictionary / dictionary.norm(dim=1, keepdim=True)

    expected = torch.zeros(2, 10, 2, 2, dtype=torch.float64)
    places = 12 - 4 + 1
    halves = [range(0, 5), range(4, 9)]  # nine places: the middle one belongs to both
    for n in range(2):
        answer = torch.zeros(10, places, places, dtype=torch.float64)
        for i in range(places):
            for j in range(places):
                patch = (normalised(given[n, :, i : i + 4, j : j + 4]) - mean) @ zca
                answer[:, i, j] = (dictionary @ patch - 0.2).clamp(min=0)
        for a, rows in enumerate(halves):
            for b, columns in enumerate(halves):
                quarter = answer[:, rows.start : rows.stop, columns.start : columns.stop]
                expected[n, :, a, b] = quarter.mean((1, 2))
    found = encoder(given[:2])
    assert found.shape == (2, encoder.dim) == (2, 40)
    torch.testing.assert_close(found.double(), expected.flatten(1), rtol=1e-3, atol=1e-4)


def test_brightness_counts_for_nothing_and_contrast_for_little() -> None:
    given = pictures()
    encoder = RandomPatches(channels=3, size=12, patches=10, patch=4)
    encoder.fit(given, seed=0)
    plain = encoder(given)
    torch.testing.assert_close(encoder(given + 5), plain, rtol=1e-2, atol=1e-3)
    torch.testing.assert_close(encoder(given * 2), plain, rtol=0.1, atol=0.02)
    assert not torch.allclose(encoder(given.flip(-1)), plain, atol=0.02)


def test_equal_seeds_equal_filters_and_the_state_is_all() -> None:
    given = pictures()
    one, other, third = (RandomPatches(channels=3, size=12, patches=6) for _ in range(3))
    one.fit(given, seed=1)
    other.fit(given, seed=1)
    third.fit(given, seed=2)
    assert torch.equal(one.filters, other.filters)
    assert not torch.equal(one.filters, third.filters)
    again = build(**one.recipe)
    again.load_state_dict(one.state_dict(), strict=True)
    assert torch.equal(again(given), one(given))


@pytest.mark.parametrize(
    ("channels", "size", "patch"), [(1, 8, 6), (5, 6, 6), (3, 40, 6), (2, 33, 7)]
)
def test_any_size_and_number_of_channels(channels: int, size: int, patch: int) -> None:
    given = pictures(8, channels, size)
    encoder = RandomPatches(channels=channels, size=size, patches=4, patch=patch)
    encoder.fit(given, seed=0)
    found = encoder(given)
    assert found.shape == (8, 16)
    assert found.isfinite().all()
    assert found.std(0).max() > 0


def test_slices_and_half_precision_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = pictures()
    encoder = RandomPatches(channels=3, size=12, patches=6)
    encoder.fit(given, seed=1)
    whole = encoder(given)
    monkeypatch.setattr(patches, "CELLS", 1)
    torch.testing.assert_close(encoder(given), whole)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(encoder(given), whole)


def test_a_patch_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(Refusal, match="at most 5"):
        RandomPatches(channels=3, size=5, patches=4, patch=6)
