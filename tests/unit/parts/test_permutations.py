import pytest
import torch

from selftaught.errors import Refusal
from selftaught.parts import permutations
from selftaught.parts.permutations import far_apart


def distances(chosen: torch.Tensor) -> torch.Tensor:
    apart = (chosen[:, None] != chosen).sum(dim=-1)
    return apart[~torch.eye(len(chosen), dtype=torch.bool)]


@pytest.mark.parametrize(("count", "smallest"), [(10, 8), (30, 7), (100, 6)])
def test_permutations_differ_in_many_places(count: int, smallest: int) -> None:
    chosen = far_apart(count)
    assert chosen.shape == (count, 9)
    assert torch.equal(chosen.sort(dim=1).values, torch.arange(9).expand(count, -1))
    assert int(distances(chosen).min()) == smallest


def test_random_permutations_are_nearer_to_each_other() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([torch.randperm(9, generator=generator) for _ in range(100)])
    assert int(distances(drawn).min()) < 6
    assert distances(drawn).double().mean() < distances(far_apart(100)).double().mean()


def test_the_same_are_chosen_every_time_and_fewer_are_the_first_of_more() -> None:
    permutations._chosen.cache_clear()
    first = far_apart(12).clone()
    permutations._chosen.cache_clear()
    assert torch.equal(far_apart(12), first)
    assert torch.equal(first[0], torch.arange(9))


def test_of_two_tiles_there_are_two_permutations() -> None:
    assert far_apart(2, 2).tolist() == [[0, 1], [1, 0]]
    for count in (1, 3):
        with pytest.raises(Refusal, match=f"permutations={count} is not between 2 and the 2"):
            far_apart(count, 2)
