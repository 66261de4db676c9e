import subprocess
import sys

import pytest
from test_folder import noise, save

from selftaught.config import Data
from selftaught.data import BUILT_IN, open_splits
from selftaught.errors import Refusal


def test_a_built_in_name_wins_over_a_folder_with_a_note(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for i in range(3):
        save(tmp_path / "digits" / f"{i}.png", noise(i))
    assert "./digits for the folder" in open_splits(Data(name="digits")).notes[0]
    assert len(open_splits(Data(name="./digits")).train) == 2


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal, match=r"neither a built-in data set nor a folder.*mean 'cifar10'"):
        open_splits(Data(name="cifra10"))


def test_labels_belong_to_folders():
    with pytest.raises(Refusal, match=r"data.labels=l.csv .*built-in"):
        open_splits(Data(name="shapes", labels="l.csv"))


def test_more_than_there_is_cannot_be_taken():
    with pytest.raises(Refusal, match="take=5000"):
        open_splits(Data(name="digits", take=5000))


def test_every_built_in_set_has_its_opener():
    from importlib import import_module

    for name, module in BUILT_IN.items():
        assert callable(getattr(import_module(f"selftaught.data.{module}"), f"open_{name}"))


def test_embedded_sets_and_folders_import_neither_torchvision_nor_timm(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", noise(i))
    code = (
        "import sys; sys.modules['torchvision'] = sys.modules['timm'] = None\n"
        "from selftaught.data import open_splits\n"
        "from selftaught.config import Data\n"
        f"for name in ('digits', {str(tmp_path)!r}): open_splits(Data(name=name))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
