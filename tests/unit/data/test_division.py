import pytest
import torch

from selftaught.data.division import (
    connect,
    fixed_order,
    hold_out,
    split_units,
    take_evenly,
)
from selftaught.errors import Refusal

LABELS = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)


def test_what_is_taken_is_even_over_classes_while_they_last():
    taken = take_evenly(LABELS, fixed_order(100), 40)
    assert LABELS[taken].bincount().tolist() == [15, 15, 10]
    assert taken.tolist() == sorted(set(taken.tolist()))
    more = take_evenly(LABELS, fixed_order(100), 41)
    assert set(taken.tolist()) < set(more.tolist())


def test_taking_more_than_there_is_is_refused():
    with pytest.raises(Refusal, match=r"take=101.*100 pictures"):
        take_evenly(LABELS, fixed_order(100), 101)


def test_every_class_gives_the_same_share():
    kept, held = hold_out(LABELS, fixed_order(100), 0.1)
    assert LABELS[held].bincount().tolist() == [7, 2, 1]
    assert sorted(kept.tolist() + held.tolist()) == list(range(100))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_empty_side_is_refused(share):
    with pytest.raises(Refusal, match="between 0 and 1"):
        hold_out(None, fixed_order(10), share)
    with pytest.raises(Refusal, match="between 0 and 1"):
        split_units([b"a", b"b"], share, "validation")


def test_a_unit_stays_where_it_is_when_others_come():
    units = [str(i).encode() for i in range(400)]
    few = dict(zip(units[:300], split_units(units[:300], 0.1, "validation"), strict=True))
    more = dict(zip(units, split_units(units, 0.1, "validation"), strict=True))
    assert all(more[unit] == side for unit, side in few.items())
    assert 20 <= sum(more.values()) <= 60


def test_two_units_are_always_parted():
    for share in (0.001, 0.999):
        assert sorted(split_units([b"a", b"b", b"b"], share, "validation"))[::2] == [False, True]


def test_one_unit_is_refused():
    with pytest.raises(Refusal, match="one group or copies"):
        split_units([b"a"] * 5, 0.1, "validation")


def test_copies_and_groups_are_joined_whatever_their_order():
    digests, groups = [b"1", b"1", b"2", b"3", b"4"], [None, "g", "g", None, "h"]
    units = connect(digests, groups)
    assert units[0] == units[1] == units[2]
    assert len(set(units)) == 3
    assert connect(digests[::-1], groups[::-1]) == units[::-1]
