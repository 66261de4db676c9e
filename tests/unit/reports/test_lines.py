"""Lines on a pair of axes."""

import re
from itertools import pairwise

from selftaught.reports.lines import Axis, Line, line_chart

X, Y = Axis("pictures"), Axis("accuracy")


def heights(chart: str, kind: str) -> list[float]:
    return [float(y) for y in re.findall(rf'y="([-\d.]+)" class="{kind}"', chart)]


def test_without_points_there_is_no_chart() -> None:
    assert line_chart([], X, Y) is None
    assert line_chart([Line("a", "--ink-0", [])], X, Y) is None


def test_many_names_find_room_below_each_other() -> None:
    lines = [Line(f"method {i}", "--ink-0", [(0.0, 0.1), (1.0, 0.5)], place=i) for i in range(30)]
    chart = line_chart(lines, X, Y)
    assert chart is not None
    levels = sorted(heights(chart, "label"))
    assert all(b - a > 14 for a, b in pairwise(levels))
    assert levels[0] > 0
    height = float(re.findall(r'viewBox="0 0 [\d.]+ ([\d.]+)"', chart)[0])
    assert levels[-1] < height


def test_lines_of_a_name_are_one_group_that_knows_its_contestant() -> None:
    lines = [Line("SimCLR", "--ink-0", [(0.0, 0.0), (1.0, seed)], place=4) for seed in (1.0, 2.0)]
    chart = line_chart(lines, X, Y) or ""
    assert chart.count('data-place="4"') == 1
    assert chart.count('class="line') == 2


def test_an_interval_is_a_band_within_the_axes() -> None:
    line = Line("a", "--ink-0", [(0.0, 0.5), (1.0, 0.6)], band=[(0.0, 0.1, 0.7), (1.0, 0.2, 0.9)])
    chart = line_chart([line], X, Axis("accuracy", zero=True)) or ""
    path = re.findall(r'd="M([^"]+)Z" class="band"', chart)[0]
    ys = [float(point.split(",")[1]) for point in path.split("L")]
    top, bottom = min(heights(chart, "tick end")), max(heights(chart, "tick end"))
    assert top - 5 <= min(ys)
    assert max(ys) <= bottom


def test_a_logarithmic_axis_spaces_factors_evenly() -> None:
    line = Line("a", "--ink-0", [(1.0, 0.5), (10.0, 0.6), (100.0, 0.7)])
    chart = line_chart([line], Axis("labels", logarithmic=True), Y) or ""
    path = re.findall(r'd="M([^"]+)" class="line', chart)[0]
    xs = [float(point.split(",")[0]) for point in path.split("L")]
    assert abs((xs[1] - xs[0]) - (xs[2] - xs[1])) < 0.3
