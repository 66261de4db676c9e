"""The run folder: everything that is ever reported is read back from it.

run.yaml                  the resolved configuration
environment.json          source revision, versions, hardware, threads
data.json                 what a folder of pictures held, as a hash
length.json               with a budget: the steps that it buys, and the speed they follow from
metrics.jsonl             one line a record: losses by step, looks by epoch
checkpoint.safetensors    tensors, and the rest as JSON in the header: nothing executes on load
encoder.safetensors       what is used elsewhere
encoders/                 that of each look, with monitor.keep
results.json              protocols with their settings, cost, verdict
predictions.npz           what each protocol said of each picture
atlas.npz                 features of the pictures that stand on the maps
maps.json                 those maps, once they are drawn
readings.jsonl            each time the test split was read
quarantine.txt            files that could not be read
trackers.json             how far TensorBoard, W&B and MLflow were told of it; their files may lie beside
.lock                     locked while a process works on it
"""

import errno
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

from selftaught import config
from selftaught.errors import Refusal, RunFailed

UMASK = os.umask(0)
os.umask(UMASK)  # it can only be read by setting it

ENVIRONMENT, RUN, LOCK = "environment.json", "run.yaml", ".lock"

WATCHED = (
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "numba",
    "scikit-learn",
    "pillow",
    "safetensors",
)


def write_atomically(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write beside, then replace: a reader sees the old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    beside = Path(name)
    try:
        if isinstance(content, bytes):
            beside.write_bytes(content)
        else:
            content(beside)
        beside.chmod(0o666 & ~UMASK)  # a temporary file is its owner's alone
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays atomically to a compressed ``.npz``."""
    import numpy as np

    def save(beside: Path) -> None:
        with beside.open("wb") as file:  # numpy would add a suffix to a path
            np.savez_compressed(file, allow_pickle=False, **arrays)

    write_atomically(path, save)


def read_arrays(path: Path) -> dict[str, Any]:
    """All arrays of an ``.npz``; none where there is no such file, or a damaged one."""
    from zipfile import BadZipFile

    import numpy as np

    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, BadZipFile):
        return {}  # damaged: as good as not kept


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically; a number that is not finite becomes null."""
    text = json.dumps(_finite(content), indent=1, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


@contextmanager
def held(path: Path) -> Iterator[None]:
    """While inside, no other process gets in: of a folder that is written to.

    The lock goes when its process ends, however that ends. Where the file system knows no locks, nobody is
    kept out.

    Raises:
        Refusal: another process is inside.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Refusal(
            f"another process works in {path}; wait until it has ended, or choose another folder with --out."
        ) from None
    except NotImplementedError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def move_aside(path: Path) -> None:
    """Give what is there, if anything is, a name with the time in it that nothing else has.

    Raises:
        Refusal: another process works in it.
    """
    if not path.exists():
        return
    if (path / LOCK).exists():
        with held(path):
            pass
    name = f"{path.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    aside = path.with_name(name)
    for number in count(2):
        if not aside.exists():
            break
        aside = path.with_name(f"{name}-{number}")
    path.rename(aside)


def _foreign(path: Path) -> bool:
    """Whether something is no trace of a run that was stopped while its folder was made."""
    return path.name != LOCK and not path.name.lstrip(".").startswith((ENVIRONMENT, RUN))


@dataclass(frozen=True)
class RunFolder:
    """One run on the disk."""

    path: Path

    @classmethod
    def open(cls, path: Path, run: config.Run, *, fresh: bool = False) -> "RunFolder":
        """Make the folder of a run, or go on in it.

        Args:
            fresh: move an existing folder aside (never delete it) and begin anew.

        Raises:
            Refusal: the folder holds a run whose configuration differs, or something else entirely, or none can
                be made there.
            RunFailed: the disk is full.
        """
        folder = cls(path)
        if fresh:
            move_aside(path)
        if folder.exists():
            differing = config.differences(run, folder.run)
            if differing:
                raise Refusal(
                    f"{path} holds another run. It differs in {'; '.join(differing)}. "
                    "Choose another folder with --out, or move this one aside with --fresh."
                )
            return folder
        if path.is_file() or (path.is_dir() and any(map(_foreign, path.iterdir()))):
            raise Refusal(
                f"{path} is not empty and holds no run; choose another folder with --out."
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            write_json(path / ENVIRONMENT, environment())
            # Last and at once: whoever finds it finds a whole run, and may be looking already.
            write_atomically(path / RUN, lambda beside: config.write(run, beside))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise RunFailed(f"{path} cannot be written: {error.strerror}.") from None
            raise Refusal(
                f"{path} cannot be written: {error.strerror}; choose another folder with --out."
            ) from None
        return folder

    @property
    def environment(self) -> dict[str, Any]:
        """Where the run was begun, as ``environment`` below says it."""
        text = (self.path / ENVIRONMENT).read_text(encoding="utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def exists(self) -> bool:
        return (self.path / RUN).is_file()

    @property
    def run(self) -> config.Run:
        return config.read(self.path / RUN)

    @property
    def mark(self) -> str | None:
        """Of the data that the run was begun on (``Splits.mark``); None where it was not kept."""
        file = self.path / "data.json"
        if not file.is_file():
            return None
        return str(json.loads(file.read_text(encoding="utf-8"))["mark"])

    def same_data(self, mark: str) -> None:
        """Keep what a folder of pictures holds, and refuse to go on where it has changed since.

        Args:
            mark: of ``Splits``.

        Raises:
            Refusal: the run was begun on others.
        """
        known = self.mark
        if known is None:
            write_json(self.path / "data.json", {"mark": mark})
        elif known != mark:
            raise Refusal(
                f"the pictures, their labels or their division have changed since {self.path} was begun; "
                "give --fresh to begin anew (the folder is kept aside), or another --out."
            )

    @property
    def results(self) -> dict[str, Any]:
        """What is known of this run so far; empty before it ended."""
        file = self.path / "results.json"
        if not file.is_file():
            return {}
        try:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            raise RunFailed(
                f"{file} is damaged; move it aside, and the same command works it out again."
            ) from None
        return found

    def record(self, **changes: Any) -> None:
        """Add to ``results.json``."""
        write_json(self.path / "results.json", {**self.results, **changes})

    def log(self, kind: str, **values: Any) -> None:
        """Add one line to ``metrics.jsonl``."""
        self._append("metrics.jsonl", _finite({"kind": kind, **values}))

    def metrics(self, kind: str) -> list[dict[str, Any]]:
        """The lines of one kind, in order of their steps."""
        return [line for line in self._lines("metrics.jsonl") if line["kind"] == kind]

    def rewind(self, step: int) -> None:
        """Forget lines written after the checkpoint at ``step``: they are about to be written again."""
        kept = [line for line in self._lines("metrics.jsonl") if line["step"] <= step]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        write_atomically(self.path / "metrics.jsonl", text.encode())

    def count_reading(self, protocols: list[str]) -> int:
        """Log that the test split is read; how many times it has been, this one included."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        self._append("readings.jsonl", {"at": now, "protocols": protocols})
        return len(list(self._lines("readings.jsonl")))

    def _append(self, name: str, content: dict[str, Any]) -> None:
        with (self.path / name).open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")  # the process was killed while it wrote the line before
            file.write(json.dumps(content).encode() + b"\n")

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        file = self.path / name
        if file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    yield json.loads(line)
                except json.JSONDecodeError:
                    continue  # half a line: the process was killed while it wrote


def environment() -> dict[str, Any]:
    """Where a number comes from: revision, versions, hardware."""
    return {
        "selftaught": metadata.version("selftaught"),
        "revision": _revision(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory(),
        "versions": {name: _version(name) for name in WATCHED},
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit of the source tree this package runs from, marked when files were changed."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return None
    ask = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
