from dataclasses import replace
from typing import Any

import pytest
import torch

from selftaught.keys import Keys
from selftaught.views import lots
from selftaught.views.engine import Views
from selftaught.views.lots import EMPTY, Work, at_once, in_lots
from selftaught.views.plan import Plan
from selftaught.views.presets import CLEAN, NATURAL, SMALL, View

BYOL = NATURAL["asymmetric"]


def engine(laws: tuple[View, ...], size: int = 32) -> Views:
    return Views(laws, size=size, channels=3, levels=255, mean=(0.5,) * 3, std=(0.25,) * 3)


def planned(laws: tuple[View, ...], n: int, side: int = 32) -> Plan:
    sizes = torch.tensor([[side, side]]).expand(n, -1)
    return engine(laws).plan(Keys(5, 1, torch.arange(n)), sizes)


def pictures(n: int, side: int = 32) -> torch.Tensor:
    seed = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=seed)


def touched(work: Work, which: str) -> float:
    """Rows that an operation touches, as a share of all."""
    counts = (getattr(lot.spans, which) for lot in work.lots)
    return sum(span.stop - span.start for span in counts) / len(work.plan)


@pytest.mark.parametrize("most", [1, 7, 100])
def test_every_row_is_in_one_lot_and_no_lot_has_two_views(most: int) -> None:
    work = in_lots(planned(BYOL, 45), BYOL, most)
    places = [place for lot in work.lots for place in range(lot.rows.start, lot.rows.stop)]
    assert places == list(range(90))
    assert all(lot.rows.start // 45 == (lot.rows.stop - 1) // 45 for lot in work.lots)
    assert work.largest <= most
    assert work.order is None or sorted(work.order.tolist()) == places


def test_spans_hold_all_that_have_something_to_do() -> None:
    work = in_lots(planned(BYOL, 45), BYOL, 7)
    for lot in work.lots:
        own = work.plan[lot.rows]
        for span, busy in (
            (lot.spans.grayscale, own.grayscale[0]),
            (lot.spans.blur, own.sigmas[0] > 0),
            (lot.spans.solarise, own.solarise[0]),
        ):
            outside = busy.clone()
            outside[span] = False
            assert not outside.any()
            assert span == EMPTY or (busy[span.start] and busy[span.stop - 1])


def test_most_of_what_changes_nothing_is_left_out() -> None:
    """Without sorting, a span of 40 views would hold nearly all of them."""
    law = NATURAL["symmetric"]
    work = in_lots(planned(law, 256), law, 40)
    rounds = [span for lot in work.lots for span, _ in lot.spans.blends]
    assert sum(span.stop - span.start for span in rounds) / 512 < 3.6  # of 6; 2.4 is what there is
    assert touched(work, "blur") < 0.6 and touched(work, "grayscale") < 0.4


def test_one_view_at_a_time_is_not_sorted_and_touched_for_itself() -> None:
    law = NATURAL["symmetric"]
    work = in_lots(planned(law, 64), law, 1)
    assert work.order is None
    assert touched(work, "blur") == float((work.plan.sigmas > 0).float().mean())


def test_views_without_operations_are_not_sorted() -> None:
    assert in_lots(planned((CLEAN,), 8), (CLEAN,), 4).order is None


@pytest.mark.parametrize(
    "laws",
    [
        SMALL["symmetric"],
        BYOL,
        (*SMALL["symmetric"], replace(BYOL[0], size=12), replace(BYOL[0], size=12)),
        (View(crop=(0.08, 1.0), flip=0.5),) * 2,
        (CLEAN,),
    ],
)
def test_lots_give_the_bits_that_all_at_once_gives(
    laws: tuple[View, ...], monkeypatch: pytest.MonkeyPatch, never_waits: Any
) -> None:
    """What an accelerator does, which nobody may look at on the way, on this CPU."""
    n, views, whole = 33, engine(laws), pictures(33, 40)
    plan = planned(laws, n, 40)
    crops = [
        torch.stack(view)
        for view in zip(*(views.crop(whole[i], plan, i) for i in range(n)), strict=True)
    ]
    apart = [view for given in (whole, crops) for view in views.apply(given, plan)]
    monkeypatch.setattr(
        "selftaught.views.engine.arrange", lambda plan, laws, most: at_once(plan, laws)
    )
    with never_waits():
        together = [view for given in (whole, crops) for view in views.apply(given, plan)]
    for one, other in zip(apart, together, strict=True):
        assert torch.equal(one, other)


def test_an_accelerator_has_one_lot() -> None:
    plan = Plan(*(part.to("meta") for part in vars(planned(BYOL, 9)).values()))
    (lot,) = lots.arrange(plan, BYOL, 2).lots
    assert lot.rows == slice(0, 18) and lot.spans.blur == slice(0, 18)


def test_no_pictures_have_no_views() -> None:
    shown = engine(BYOL).apply(pictures(0), planned(BYOL, 0))
    assert [tuple(view.shape) for view in shown] == [(0, 3, 32, 32)] * 2
