"""A disk on which others' weights may lie."""

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import constants
from safetensors.torch import save_file
from torch import nn


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, nn.Module], Path]:
    """Empty caches of Hugging Face and torch, and what puts a model's weights into the first."""
    timm = pytest.importorskip("timm")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def keep(name: str, model: nn.Module) -> Path:
        repository = timm.get_pretrained_cfg(name).hf_hub_id
        place = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        (place / "refs").mkdir(parents=True)
        (place / "refs" / "main").write_text("abc")
        kept = place / "snapshots" / "abc" / "model.safetensors"
        kept.parent.mkdir(parents=True)
        save_file(model.state_dict(), kept)
        return kept

    return keep
