"""Claims that one setting is another."""

import pytest
import torch
from torch import nn

from selftaught import encoders, methods
from selftaught.batch import Batch
from selftaught.methods.self_distillation.byol import BYOL
from selftaught.parts.teacher import Teacher


def byol(momentum: tuple[float, float]) -> BYOL:
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    method = methods.build("byol", encoder, projector=(16, 8), predictor=(16, 8), momentum=momentum)
    assert isinstance(method, BYOL)
    return method


def step(method: BYOL) -> None:
    generator = torch.Generator().manual_seed(1)
    views = [torch.randn(8, 3, 16, 16, generator=generator) for _ in range(2)]
    outputs = method(Batch(views, torch.arange(8)))
    outputs.losses["regression"].backward()
    with torch.no_grad():
        for parameter in method.parameters():
            if parameter.grad is not None:
                parameter.sub_(0.1 * parameter.grad)
    method.after_step(outputs, 0.5)


def pairs(method: BYOL) -> list[tuple[nn.Parameter, nn.Parameter]]:
    student = [*method.encoder.parameters(), *method.projector.parameters()]
    return list(zip(student, method.teacher.network.parameters(), strict=True))


def test_momentum_0_makes_the_teacher_the_student() -> None:
    method = byol((0.0, 0.0))
    step(method)
    for student, teacher in pairs(method):
        torch.testing.assert_close(student, teacher)


def test_momentum_1_never_moves_the_teacher() -> None:
    method = byol((1.0, 1.0))
    before = [teacher.clone() for _, teacher in pairs(method)]
    step(method)
    for old, (student, teacher) in zip(before, pairs(method), strict=True):
        assert torch.equal(old, teacher)
        assert not torch.equal(student, teacher)


def test_the_teacher_is_the_average_that_the_paper_says() -> None:
    student = nn.Linear(3, 2)
    teacher = Teacher(student)
    old = teacher.network[0].weight.clone()
    with torch.no_grad():
        student.weight += 1
    teacher.follow(student, momentum=0.9)
    torch.testing.assert_close(teacher.network[0].weight, 0.9 * old + 0.1 * student.weight)


def test_running_statistics_are_the_teachers_own() -> None:
    student = nn.BatchNorm1d(2)
    teacher = Teacher(student)
    student(torch.randn(8, 2) + 5)
    teacher.follow(student, momentum=0.0)
    assert torch.equal(teacher.network[0].running_mean, torch.zeros(2))
    teacher(torch.randn(8, 2) - 5)
    assert (teacher.network[0].running_mean < 0).all()


def test_simclr_shows_both_views_to_one_batch_norm_and_the_others_do_not() -> None:
    """Which pictures share batch statistics is part of a method; it is pinned here."""
    seen: dict[str, list[int]] = {}
    for name, parameters in (
        ("simclr", {"projector": (16, 8)}),
        ("byol", {"projector": (16, 8), "predictor": (16, 8)}),
        ("vicreg", {"projector": (16, 8)}),
    ):
        encoder = encoders.build("resnet_tiny", channels=3, size=16)
        method = methods.build(name, encoder, **parameters)
        sizes: list[int] = []
        encoder.register_forward_hook(lambda _, given, __, sizes=sizes: sizes.append(len(given[0])))
        method(Batch([torch.randn(4, 3, 16, 16) for _ in range(2)], torch.arange(4)))
        seen[name] = sizes
    assert seen == {"simclr": [8], "byol": [4, 4], "vicreg": [4, 4]}


@pytest.mark.parametrize("name", ["simclr", "byol", "vicreg"])
def test_swapping_the_views_changes_nothing(name: str) -> None:
    torch.manual_seed(0)
    encoder = encoders.build("resnet_tiny", channels=3, size=16)
    heads = {"predictor": (16, 8)} if name == "byol" else {}
    method = methods.build(name, encoder, projector=(16, 8), **heads).double()
    one, two = (torch.randn(8, 3, 16, 16, dtype=torch.float64) for _ in range(2))
    forth = method(Batch([one, two], torch.arange(8))).losses
    back = method(Batch([two, one], torch.arange(8))).losses
    for key, value in forth.items():
        torch.testing.assert_close(value, back[key], rtol=1e-9, atol=1e-12)
