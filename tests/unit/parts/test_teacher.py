from typing import Any

import pytest
import torch
from torch import nn

from selftaught.parts.heads import mlp
from selftaught.parts.teacher import Teacher


@pytest.fixture
def students() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return mlp(6, 8, 5), mlp(5, 4, 3)


def move(*students: nn.Module) -> None:
    with torch.no_grad():
        for student in students:
            for parameter in student.parameters():
                parameter.add_(torch.randn_like(parameter))


def test_it_begins_as_the_student_and_does_not_follow_by_itself(
    students: tuple[nn.Module, nn.Module],
) -> None:
    teacher = Teacher(*students)
    x = torch.randn(7, 6)
    before = nn.Sequential(*students)(x)
    assert torch.equal(teacher(x), before)
    move(*students)
    assert torch.equal(teacher(x), before)


def test_it_has_no_gradient(students: tuple[nn.Module, nn.Module]) -> None:
    teacher = Teacher(*students)
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    x = torch.randn(7, 6, requires_grad=True)
    assert not teacher(x).requires_grad
    assert all(p.requires_grad for student in students for p in student.parameters())


def test_following_is_the_average_of_parameters(students: tuple[nn.Module, nn.Module]) -> None:
    teacher = Teacher(*students)
    old = [p.clone() for p in teacher.parameters()]
    move(*students)
    teacher.follow(*students, momentum=0.9)
    new = [p for student in students for p in student.parameters()]
    for t, before, s in zip(teacher.parameters(), old, new, strict=True):
        torch.testing.assert_close(t, 0.9 * before + 0.1 * s)


@pytest.mark.parametrize("momentum", [0.0, 1.0])
def test_the_ends_are_exact(momentum: float, students: tuple[nn.Module, nn.Module]) -> None:
    teacher = Teacher(*students)
    old = [p.clone() for p in teacher.parameters()]
    move(*students)
    teacher.follow(*students, momentum=momentum)
    new = [p for student in students for p in student.parameters()]
    for t, expected in zip(teacher.parameters(), old if momentum else new, strict=True):
        assert torch.equal(t, expected)


def test_running_statistics_stay_its_own(students: tuple[nn.Module, nn.Module]) -> None:
    teacher = Teacher(*students)
    nn.Sequential(*students)(torch.randn(50, 6) * 5 + 3)
    before = {key: value.clone() for key, value in teacher.named_buffers()}
    teacher.follow(*students, momentum=0.0)
    for key, value in teacher.named_buffers():
        assert torch.equal(value, before[key])
    assert any("running_mean" in key for key in before)


def test_following_is_one_operation_however_many_layers_there_are(counts: Any) -> None:
    student = nn.Sequential(*(nn.Linear(2, 2) for _ in range(9)))
    teacher = Teacher(student)
    with counts() as counter:
        teacher.follow(student, momentum=0.9)
    assert counter.total == 1
