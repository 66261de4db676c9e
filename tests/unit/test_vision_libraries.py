import sys

import pytest

from selftaught import vision_libraries
from selftaught.errors import Refusal


def test_a_torchvision_for_another_torch_is_explained(monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(vision_libraries, "import_module", broken)
    for load in (vision_libraries.import_torchvision, vision_libraries.import_timm):
        with pytest.raises(
            Refusal, match=r"nms does not exist.*reinstall.*'shapes', 'digits' and all"
        ):
            load()


def test_other_errors_are_not_hidden(monkeypatch):
    def broken(name):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(vision_libraries, "import_module", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        vision_libraries.import_timm()


def test_a_missing_library_is_explained(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(Refusal, match="pip install timm"):
        vision_libraries.import_timm()
