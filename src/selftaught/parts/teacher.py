"""A teacher is a slow copy of a student: same shape, no gradient, moved by averaging."""

import copy

import torch
from torch import Tensor, nn

from selftaught.parts.whitening import White


class Teacher(nn.Module):
    """Copies of the student's modules, applied one after the other.

    Args:
        students: modules to copy, in the order in which they are applied.
    """

    def __init__(self, *students: nn.Module) -> None:
        super().__init__()
        self.network = nn.Sequential(*copy.deepcopy(students)).requires_grad_(False)

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        answer: Tensor = self.network(pictures)
        return answer

    @torch.no_grad()
    def follow(self, *students: nn.Module, momentum: float) -> None:
        """t <- m t + (1 - m) s, over parameters; running statistics stay the teacher's own."""
        mine: list[Tensor] = list(self.network.parameters())
        theirs: list[Tensor] = [p for student in students for p in student.parameters()]
        torch._foreach_lerp_(mine, theirs, 1 - momentum)


def prototype_teacher(head: nn.Sequential, whitening: int) -> Teacher:
    """The teacher of a ``prototype_head``, its bottleneck white after so many steps; 0 leaves it alone."""
    return Teacher(head[:-1], White(whitening), head[-1])
