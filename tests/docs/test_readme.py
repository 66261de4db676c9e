"""Every command and every block of the README is run, on little data."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith(("selftaught ", ".venv/bin/selftaught "))]
RUN = "runs/pictures/simclr/seed-0"
LITTLE = ["data.take=60", "batch=16", "encoder=resnet_tiny", "threads=1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, labelled: Path) -> Path:
    """A folder to work in, with pictures; and a run for the commands that need one."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(labelled, folder / "pictures")
    shutil.copytree(ROOT / "docs", folder / "docs")
    # Made here, so that whichever commands a worker is dealt find it.
    train = ["train", "simclr", "--data", "./pictures", *LITTLE, "--epochs", "1", "--out", RUN]
    done = run(["-m", "selftaught", *train], folder)
    assert done.returncode == 0, done.stderr
    return folder


def run(arguments: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("line", COMMANDS)
def test_command(line: str, place: Path) -> None:
    _, command, *rest = shlex.split(line, comments=True)
    if command == "train":
        rest += [*LITTLE, "--epochs", "1", "--out", RUN, "--fresh"]
    elif command == "compare":
        rest += [f"--set={each}" for each in LITTLE] + ["--epochs", "1", "--seeds", "1", "--fresh"]
        rest += ["--baselines", "untrained"]
    done = run(["-m", "selftaught", command, *rest], place)
    assert done.returncode == 0, done.stderr


def test_one_run_on_several_devices(place: Path) -> None:
    (line,) = [line for line in LINES if line.startswith("torchrun ")]
    words = shlex.split(line, comments=True)[1:]
    words[words.index("batch=512")] = "device=cpu"
    rest = [*LITTLE, "--epochs", "1", "--out", "runs/together"]
    done = run(["-m", "torch.distributed.run", "--standalone", *words, *rest], place)
    assert done.returncode == 0, done.stderr
    assert (place / "runs/together/encoder.safetensors").is_file()


def test_python_block(place: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    done = run(["-c", code + "\nassert features.shape == (1, 128), features.shape\n"], place)
    assert done.returncode == 0, done.stderr


def test_the_three_lines_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (demo,) = [line for line in COMMANDS if "runs/demo" in line]
    assert demo.removeprefix(".venv/bin/") in makefile
    assert any(line.startswith("python3 -m venv") for line in LINES)


def test_files_that_are_named_exist() -> None:
    for name in re.findall(r"\]\(([\w./-]+)\)", TEXT):
        assert (ROOT / name).exists(), name
