import torch

from selftaught.keys import Keys
from selftaught.views.draws import uniform


def test_together_they_are_what_the_keys_draw_one_by_one() -> None:
    keys = Keys(2**40 + 17, 1234, torch.tensor([5, 0, 70_000]))
    wanted = {("crop", 0): 22, ("flip", 0): 1, ("crop", 1): 22, ("jitter", 3): 6, ("blur", 1): 2}
    drawn = uniform(keys, wanted)
    assert drawn.keys() == wanted.keys()
    for (operation, view), words in wanted.items():
        assert torch.equal(drawn[operation, view], keys.uniform(operation, words, view))
