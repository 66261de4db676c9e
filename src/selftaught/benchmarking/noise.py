"""Pictures that need no file: bytes of noise in the shape of CIFAR-10."""

import torch

from selftaught.data import Resident, Splits

PICTURES = 50_000
SIZE = 32
CLASSES = 10


def splits() -> Splits:
    """45,000 pictures to learn from and 5,000 for validation, 32x32, three channels, with random labels."""
    generator = torch.Generator().manual_seed(0)
    shape = (PICTURES, 3, SIZE, SIZE)
    pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    labels = torch.randint(CLASSES, (PICTURES,), generator=generator)
    held = PICTURES // 10
    return Splits(
        name="random",
        train=Resident(pixels[held:], labels[held:]),
        validation=Resident(pixels[:held], labels[:held]),
        test=None,
        classes=tuple(str(number) for number in range(CLASSES)),
        size=SIZE,
        mean=(0.5,) * 3,
        std=(0.2887,) * 3,  # of uniform noise, 12 ** -0.5
        preset="small",
    )
