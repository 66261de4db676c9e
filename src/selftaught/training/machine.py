"""What the machine offers: device, precision, threads, memory."""

import errno
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from selftaught import launcher
from selftaught.errors import Refusal, RunFailed

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(name: str) -> torch.device:
    """``auto`` takes CUDA, then Apple's MPS, then the CPU; of several processes each has a GPU of its own.

    Raises:
        Refusal: the named device is not there, or not as many GPUs as processes.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, found in there.items() if found)
    if name not in there:
        raise Refusal(f"There is no device '{name}'; give auto, {', '.join(there)}.")
    if not there[name]:
        found = ", ".join(device for device, is_there in there.items() if is_there)
        raise Refusal(f"device={name}, but torch finds only: {found}.")
    if name == "mps" and launcher.processes() > 1:
        raise Refusal("An Apple GPU trains in one process; start one, or give device=cpu.")
    if name == "cuda" and launcher.processes() > 1:
        if launcher.processes_here() > torch.cuda.device_count():
            raise Refusal(
                f"{launcher.processes_here()} processes on this machine, each of which sees "
                f"{torch.cuda.device_count()} of its GPUs; start one process for each GPU, and let each "
                "see all of them (CUDA_VISIBLE_DEVICES; with Slurm --gpus-per-node, not --gpus-per-task)."
            )
        return torch.device(name, launcher.place_here())
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """``auto`` takes bfloat16 where the hardware multiplies it, else float32."""
    if name == "float16" and device.type == "cpu":
        raise Refusal("precision=float16 needs a GPU; on a CPU choose bfloat16 or float32.")
    if name != "auto":
        return DTYPES[name]
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
    elif device.type == "cpu":
        fast = _cpu_multiplies_bfloat16()
    else:
        fast = False
    return torch.bfloat16 if fast else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@contextmanager
def shortages_named(batch: int) -> Iterator[None]:
    """Turn a full memory or a full disk into a sentence; what was saved before stays.

    Args:
        batch: of the run, half of which is suggested.

    Raises:
        RunFailed: memory or disk ran out.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        # torch has no class of its own for the CPU's allocator.
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and "allocate memory" not in str(error):
            raise
        raise RunFailed(
            f"Out of memory at batch={batch}. Try batch={max(batch // 2, 2)}, smaller views or a smaller "
            "encoder, with --fresh."
        ) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise RunFailed(
            "The disk is full. What was saved is still there: make room and give the same command again."
        ) from None


class PeakMemory:
    """The most memory that was held since this object was made, in bytes.

    On a GPU what torch allocated there; on the CPU the process's resident set, whose high-water mark
    Linux lets us reset (elsewhere it is the mark since the process began).
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5", encoding="ascii")

    def read(self) -> int:
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        try:
            for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            pass
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def available_memory(device: torch.device) -> int | None:
    """Bytes that this process may hold on a device, with those that it holds already; None where unknown.

    On the CPU the smaller of what the machine has left and what the control group of a container allows.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free) + torch.cuda.memory_allocated(device)
    try:
        held = _kilobytes(Path("/proc/self/status"), "VmRSS:")
        room = _kilobytes(Path("/proc/meminfo"), "MemAvailable:") + held
    except (OSError, StopIteration):
        return None
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        used = int((group / "memory.current").read_text(encoding="ascii"))
        room = min(room, limit - used + held)
    return room


def _kilobytes(path: Path, key: str) -> int:
    """Bytes of a line of /proc such as ``VmRSS:  1234 kB``."""
    lines = path.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
