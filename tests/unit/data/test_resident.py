import torch

from selftaught.data import Request
from selftaught.data.resident import Resident


def never(picture, plan, row):
    raise AssertionError("whole pictures are not cropped")


def test_it_answers_in_order_with_whole_pictures():
    pictures = torch.arange(5 * 2 * 3 * 4, dtype=torch.uint8).reshape(5, 2, 3, 4)
    source = Resident(
        pictures, torch.arange(5), torch.tensor([0, 0, 1, 1, 2]), bad=("b: no", "a: no")
    )
    requests = [Request(torch.tensor([4, 0]), "plan"), Request(torch.tensor([2]))]
    first, second = source.fetch(iter(requests), never)
    assert first.request is requests[0]
    assert torch.equal(first.pictures, pictures[[4, 0]])
    assert torch.equal(second.pictures, pictures[[2]])
    assert source.channels == 2
    assert source.sizes.tolist() == [[3, 4]] * 5
    assert source.quarantine() == ["a: no", "b: no"]


def test_a_subset_keeps_its_order_and_what_belongs_to_it():
    pictures = torch.randint(0, 65536, (5, 1, 3, 3), dtype=torch.int32)
    some = Resident(pictures, torch.arange(5), torch.arange(5) * 10, 65535).subset(
        torch.tensor([3, 1])
    )
    assert torch.equal(some.pictures, pictures[[3, 1]])
    assert (some.labels.tolist(), some.groups.tolist(), some.levels) == ([3, 1], [30, 10], 65535)
    assert len(some.to("cpu")) == 2
