import torch
from torchvision.transforms.v2 import functional as reference

from selftaught.views.batched.solarise import THRESHOLD, solarise_


def test_the_chosen_are_those_of_torchvision_and_the_others_as_they_were() -> None:
    pictures = torch.arange(256).view(1, 1, 16, 16).expand(2, 3, -1, -1) / 255
    views = solarise_(pictures.clone(), torch.tensor([True, False]))
    assert torch.equal(views[0], reference.solarize(pictures[0], THRESHOLD))
    assert torch.equal(views[1], pictures[1])
    # On 8-bit values that is Pillow's threshold of 128, which the authors used.
    whole = (views[0, 0].flatten() * 255).round().int()
    assert whole.tolist() == [v if v < 128 else 255 - v for v in range(256)]
