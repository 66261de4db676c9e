"""The method of CONTRIBUTING.md is run as it is printed, from a package outside this one."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_method_in_five_minutes(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
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
