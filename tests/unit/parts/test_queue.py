import pytest
import torch

from selftaught.parts.queue import Queue


def rows(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None].expand(-1, 3).clone()


def first_column(queue: Queue) -> list[float]:
    column: list[float] = queue.rows[:, 0].tolist()
    return column


def test_it_begins_with_random_rows_of_unit_length() -> None:
    queue = Queue(50, 8)
    assert queue.rows.shape == (50, 8)
    torch.testing.assert_close(queue.rows.norm(dim=-1), torch.ones(50))
    assert len(queue.rows.unique(dim=0)) == 50


def test_the_oldest_rows_are_dropped_first() -> None:
    queue = Queue(6, 3)
    for start in (1.0, 3.0, 5.0):
        queue.push(rows(start, start + 1))
    assert first_column(queue) == [1, 2, 3, 4, 5, 6]
    queue.push(rows(7, 8))
    assert first_column(queue) == [7, 8, 3, 4, 5, 6]


def test_a_batch_need_not_divide_it() -> None:
    queue = Queue(5, 3)
    for start in (1.0, 4.0, 7.0):
        queue.push(rows(start, start + 1, start + 2))
    assert sorted(first_column(queue)) == [5, 6, 7, 8, 9]
    queue.push(rows(10))
    assert sorted(first_column(queue)) == [6, 7, 8, 9, 10]


def test_of_more_rows_than_there_is_room_for_the_last_stay() -> None:
    queue = Queue(3, 3)
    queue.push(rows(1, 2, 3, 4, 5, 6, 7))
    assert sorted(first_column(queue)) == [5, 6, 7]
    queue.push(rows(8))
    assert sorted(first_column(queue)) == [6, 7, 8]


def test_a_queue_of_size_0_stays_empty() -> None:
    queue = Queue(0, 3)
    queue.push(rows(1, 2))
    assert queue.rows.shape == (0, 3)
    assert queue.place == 0


def test_it_is_saved_with_its_place() -> None:
    one, other = Queue(5, 3), Queue(5, 3)
    one.push(rows(1, 2, 3))
    other.load_state_dict(one.state_dict())
    for queue in (one, other):
        queue.push(rows(4, 5, 6))
    assert torch.equal(one.rows, other.rows)
    assert sorted(first_column(other)) == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_rows_take_the_queue_s_own_type_and_no_gradient(dtype: torch.dtype) -> None:
    queue = Queue(4, 3)
    queue.push(torch.ones(2, 3, dtype=dtype, requires_grad=True))
    assert queue.rows.dtype == torch.float32
    assert not queue.rows.requires_grad
