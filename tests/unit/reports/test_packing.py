"""What the page's scripts are given."""

import base64
import json

import numpy as np
import pytest

from selftaught.reports.packing import embedded, packed, packed_positions


def test_whole_numbers_come_back() -> None:
    given = np.array([[0, -1, 32767], [-32768, 5, 7]])
    text = packed(given)
    assert np.frombuffer(base64.b64decode(text), "<i2").tolist() == given.ravel().tolist()


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        packed(np.array([40_000]))


def test_positions_keep_their_place_to_a_pixel_s_fraction() -> None:
    given = np.random.default_rng(0).uniform(-1, 1, (50, 2)).astype(np.float32)
    text = packed_positions(given)
    back = np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2) / 32767
    assert np.abs(back - given).max() < 1e-4


def test_json_cannot_close_its_element() -> None:
    text = embedded({"a": "</script><b>&"})
    assert "<" not in text
    assert json.loads(str(text)) == {"a": "</script><b>&"}
