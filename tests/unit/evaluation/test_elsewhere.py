"""Names of other sets: one, several or none, and keys that tell them apart."""

from selftaught import config
from selftaught.data import open_splits
from selftaught.evaluation.elsewhere import keys, opened, seen_by, several
from selftaught.views.engine import Views


def test_names_are_one_several_or_none() -> None:
    assert several("") == ()
    assert several("digits") == ("digits",)
    assert several(("digits", "", "cifar10", "digits")) == ("digits", "cifar10")


def test_a_key_is_the_end_of_a_path_where_it_is_the_only_one() -> None:
    assert keys(("digits", "/data/birds")) == {"digits": "digits", "/data/birds": "birds"}
    both = ("/a/birds", "/b/birds", "digits")
    assert list(keys(both).values()) == ["/a/birds", "/b/birds", "digits"]


def test_another_set_has_our_channels_size_and_statistics() -> None:
    shapes = open_splits(config.Data(name="shapes", take=200))
    digits = opened("digits", shapes)
    assert digits.test is not None
    assert {part.channels for part in (digits.train, digits.validation, digits.test)} == {3}
    clean = Views.clean(size=32, channels=3, levels=255, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))
    view = seen_by(clean, digits)
    assert (view.size, view.channels, view.levels) == (32, 3, digits.train.levels)
    assert (view.mean, view.std) == (clean.mean, clean.std)
