"""Philox against its authors' own answers, and what the rest of the package relies on."""

import pytest
import torch
from scipy import stats
from torch import Tensor

from selftaught.keys import Keys, number, philox, shuffle

# Random123 1.14.0 (Salmon et al.), tests/kat_vectors, the three lines "philox4x32 10":
# counter, key, answer.
KNOWN = {
    "zeros": (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    "ones": (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    "pi": (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
}


def words(text: str) -> list[int]:
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize("name", KNOWN)
def test_philox_gives_the_published_answers(name: str) -> None:
    counter, key, answer = map(words, KNOWN[name])
    c0, c1, c2, c3 = (torch.tensor([word]) for word in counter)
    found = philox((c0, c1, c2, c3), (key[0], key[1]))
    assert [int(word) for word in found] == answer


@pytest.mark.parametrize("seed", [0, 7, 2**62 + 2**33 + 5])
def test_a_number_of_a_step_is_made_of_the_words_at_position_0(seed: int) -> None:
    for step in (0, 1, 2**32 - 1):
        words = Keys(seed, step, torch.zeros(1, dtype=torch.long)).bits("torch", 2)[0].tolist()
        assert number(seed, step, "torch") == words[0] << 31 | words[1] >> 1


def reference(counter: list[int], key: list[int]) -> list[int]:
    """Salmon et al., section 3.3, in Python's unbounded integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [
            (right >> 32) ^ c[1] ^ k[0],
            right & 0xFFFFFFFF,
            (left >> 32) ^ c[3] ^ k[1],
            left & 0xFFFFFFFF,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def test_many_counters_at_once_agree_with_a_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    counters = torch.randint(0, 2**32, (200, 4), generator=generator)
    c0, c1, c2, c3 = counters.unbind(1)
    found = torch.stack(philox((c0, c1, c2, c3), (0xDEADBEEF, 0xFFFFFFFE)), dim=1)
    for counter, answer in zip(counters.tolist(), found.tolist(), strict=True):
        assert reference(counter, [0xDEADBEEF, 0xFFFFFFFE]) == answer


def test_a_picture_draws_the_same_whatever_the_slicing() -> None:
    whole = Keys(7, 3, torch.arange(100)).bits("crop", 6, view=1)
    parts = [
        Keys(7, 3, p).bits("crop", 6, view=1) for p in torch.split(torch.arange(100), [1, 32, 67])
    ]
    assert torch.equal(whole, torch.cat(parts))
    some = torch.tensor([99, 5, 5, 42])
    assert torch.equal(Keys(7, 3, some).bits("crop", 6, view=1), whole[some])


def test_several_steps_draw_what_each_draws_alone() -> None:
    positions = torch.tensor([4, 0, 9])
    together = Keys.of_steps(7, range(3, 6), positions).bits("crop", 6, view=1)
    alone = [Keys(7, step, positions).bits("crop", 6, view=1) for step in range(3, 6)]
    assert torch.equal(together, torch.cat(alone))


def test_fewer_words_are_the_first_of_more() -> None:
    keys = Keys(1, 0, torch.arange(5))
    many = keys.bits("jitter", 9)
    assert many.shape == (5, 9)
    for count in (1, 4, 5, 8):
        assert torch.equal(keys.bits("jitter", count), many[:, :count])


def test_every_part_of_the_key_matters() -> None:
    positions = torch.arange(64)
    plain = Keys(0, 0, positions).bits("crop")
    others = {
        "seed": Keys(1, 0, positions).bits("crop"),
        "upper half of the seed": Keys(2**32, 0, positions).bits("crop"),
        "both halves": Keys(2**32 + 1, 0, positions).bits("crop"),
        "the largest seed": Keys(2**63 - 1, 0, positions).bits("crop"),
        "step": Keys(0, 1, positions).bits("crop"),
        "the last step": Keys(0, 2**32 - 1, positions).bits("crop"),
        "operation": Keys(0, 0, positions).bits("flip"),
        "view": Keys(0, 0, positions).bits("crop", view=1),
    }
    for name, other in others.items():
        # Two of 64 words of 32 bits agree by chance once in 10**8 trials.
        assert int((plain == other).sum()) == 0, name


def test_uniform_is_in_the_unit_interval_and_even() -> None:
    drawn = Keys(0, 0, torch.arange(20_000)).uniform("crop", 4)
    assert drawn.dtype == torch.float32
    assert float(drawn.min()) >= 0
    assert float(drawn.max()) < 1
    for column in drawn.T:
        assert stats.kstest(column.double().numpy(), "uniform").pvalue > 1e-4
    # The largest word must not round up to 1.
    assert ((torch.tensor(0xFFFFFFFF) >> 8).to(torch.float32) * 2.0**-24) < 1


def correlation(a: Tensor, b: Tensor) -> float:
    return abs(float(torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]))


def test_operations_views_steps_words_and_neighbours_do_not_correlate() -> None:
    count = 20_000
    keys = Keys(0, 0, torch.arange(count))
    crop = keys.uniform("crop", 4)
    first = crop[:, :1]
    bound = 4.5 / count**0.5  # 4.5 standard errors
    assert correlation(first, keys.uniform("flip")) < bound
    assert correlation(first, keys.uniform("crop", view=1)) < bound
    assert correlation(first, Keys(0, 1, torch.arange(count)).uniform("crop")) < bound
    assert correlation(first, Keys(1, 0, torch.arange(count)).uniform("crop")) < bound
    assert correlation(first[:-1], first[1:]) < bound
    for i in range(1, 4):
        assert correlation(first, crop[:, i : i + 1]) < bound


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_shuffle_is_a_permutation(size: int) -> None:
    assert torch.equal(shuffle(size, 0, 0).sort().values, torch.arange(size))


def test_shuffle_differs_by_epoch_and_seed_and_is_repeated_exactly() -> None:
    plain = shuffle(500, seed=3, epoch=2)
    assert torch.equal(plain, shuffle(500, seed=3, epoch=2))
    for other in (shuffle(500, seed=3, epoch=3), shuffle(500, seed=4, epoch=2)):
        # A random permutation leaves one element in its place on average.
        assert int((plain == other).sum()) < 10
    assert int((plain == torch.arange(500)).sum()) < 10


def test_every_place_is_as_likely_as_any_other() -> None:
    first = torch.stack([shuffle(6, seed=seed, epoch=0) for seed in range(1200)])
    for place in range(6):
        counts = first[:, place].bincount(minlength=6)
        assert stats.chisquare(counts.numpy()).pvalue > 1e-4


def test_together_choices_are_what_they_are_one_by_one() -> None:
    keys = Keys(2**40 + 17, 1234, torch.tensor([5, 0, 70_000]))
    wanted = {("crop", 0): 22, ("flip", 0): 1, ("crop", 1): 22, ("jitter", 3): 6, ("blur", 1): 2}
    drawn = keys.uniforms(wanted)
    assert drawn.keys() == wanted.keys()
    for (operation, view), words in wanted.items():
        assert torch.equal(drawn[operation, view], keys.uniform(operation, words, view))
