"""The method and the protocol of CONTRIBUTING.md are run as they are printed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.neighbors import NearestCentroid

from selftaught import catalogue, judging
from selftaught.catalogue import of_protocols
from selftaught.evaluation.results import Pool

ROOT = Path(__file__).parents[2]


def test_a_method_in_five_minutes(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code, _ = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (entry,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "rotation.py").write_text(code, encoding="utf-8")
    information = tmp_path / "my_package-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n")
    group, line = re.fullmatch(r'\[project.entry-points."(.+)"\]\n(.+)\n', entry).groups()  # type: ignore[union-attr]
    (information / "entry_points.txt").write_text(f"[{group}]\n{line.replace(chr(34), '')}\n")

    small = ["data.take=120", "batch=32", "encoder=resnet_tiny", "encoder.stem=strided"]
    command = [sys.executable, "-m", "selftaught", "train", "rotation", *small, "--epochs", "1"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "linear" in done.stdout
    assert '"rotation"' in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8")


@pytest.fixture
def fresh() -> Iterator[None]:
    """What was read of protocols' files is forgotten before and after."""
    readers = (of_protocols.protocol_files, catalogue.protocol, judging._model)
    for reader in readers:
        reader.cache_clear()
    yield
    for reader in readers:
        reader.cache_clear()


def test_a_protocol_is_one_file(
    fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, code = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "nearest_mean.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(of_protocols.resources, "files", lambda package: tmp_path)
    found = catalogue.protocol("nearest_mean")
    assert (found.written, found.subject, found.measure.name) == ("Nearest mean", False, "accuracy")
    assert found.parameters["power"].meaning == "of the distance."
    assert judging.resolve(["nearest_mean"]) == {"nearest_mean": {"power": 2.0}}

    names: dict[str, Any] = {}
    exec(code, names)
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    bank = labels[:, None] + torch.randn(60, 4, generator=generator)
    rows = torch.arange(60)
    pool = Pool(bank[:40], labels[:40], rows, rows, bank[40:], labels[40:], 3, {}, "")
    expected = NearestCentroid().fit(bank[:40].numpy(), labels[:40].numpy())
    result = names["protocol"](pool, power=2.0)
    assert result.predictions.tolist() == expected.predict(bank[40:].numpy()).tolist()
    assert result.settings == {"power": 2.0}
