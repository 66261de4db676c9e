import pytest

from selftaught.errors import SHOWN, Diverged, Interrupted, RunFailed, counted, suggest


@pytest.mark.parametrize(
    ("given", "near"), [("simlcr", "simclr"), ("SimCLR", "simclr"), ("BYOLL", "byol")]
)
def test_the_nearest_choice_is_named(given: str, near: str) -> None:
    assert suggest(given, ["simclr", "byol", "vicreg"]) == f"did you mean '{near}'?"


def test_it_is_spelt_as_it_must_be_written() -> None:
    assert suggest("cifar_10", ["CIFAR10", "STL10"]) == "did you mean 'CIFAR10'?"


def test_without_a_near_one_all_are_listed() -> None:
    assert suggest("zzz", ["simclr", "byol"]) == "choose one of: simclr, byol."


def test_a_long_list_is_cut() -> None:
    sentence = suggest("qqqqqqqq", (f"model{i}" for i in range(1000)))
    assert sentence.endswith(" ....")
    assert sentence.count("model") == SHOWN


def test_an_interruption_carries_its_exit_code() -> None:
    assert Interrupted(2, "Saved.").code == 130
    assert Interrupted(15, "Saved.").code == 143
    assert str(Interrupted(2, "Saved.")) == "Saved."


def test_a_run_that_diverged_is_a_run_that_failed() -> None:
    assert issubclass(Diverged, RunFailed)


def test_one_is_singular_and_thousands_are_set_apart() -> None:
    assert counted(1, "picture is", "pictures are") == "1 picture is"
    assert counted(0, "picture is", "pictures are") == "0 pictures are"
    assert counted(1203, "file") == "1,203 files"
