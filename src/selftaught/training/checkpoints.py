"""Checkpoints: one safetensors file, tensors and a JSON header. Loading one executes nothing."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from selftaught.distributed import rank
from selftaught.errors import Diverged, RunFailed
from selftaught.runs import write_atomically
from selftaught.training.learner import Learner
from selftaught.training.optimisers import parameters_of


def save(path: Path, learner: Learner, **facts: Any) -> None:
    """Write everything that the next step depends on; of several ranks, which are equal, the first does.

    Args:
        facts: JSON values (the step, the seconds so far).

    Raises:
        RunFailed: the disk refuses.
        Diverged: a weight is not finite; the checkpoint before it stays.
    """
    method, optimiser = learner.method, learner.optimiser
    broken = [key for key, tensor in method.state_dict().items() if not tensor.isfinite().all()]
    if broken:
        raise Diverged(
            f"The weights of {broken[0]} are no longer finite. Try a lower optimiser.rate, a longer "
            "optimiser.warmup or precision=float32, with --fresh; the last good checkpoint is kept."
        )
    if rank() > 0:
        return
    tensors = {f"method.{key}": tensor.contiguous() for key, tensor in method.state_dict().items()}
    numbers: dict[str, Any] = {}
    for i, parameter in enumerate(parameters_of(optimiser)):
        for key, value in optimiser.state[parameter].items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimiser.{i}.{key}"] = value.contiguous()
            elif value is not None:
                numbers[f"{i}.{key}"] = value
    content = {"facts": facts, "optimiser": numbers, "scaler": learner.scale()}
    header = {"selftaught": json.dumps(content)}
    try:
        write_atomically(path, lambda beside: save_file(tensors, beside, metadata=header))
    except (OSError, SafetensorError) as error:
        raise RunFailed(
            f"The checkpoint could not be written to {path} ({error}). The one before it is still there: "
            "make room and give the same command again."
        ) from None


def load(path: Path, learner: Learner) -> dict[str, Any]:
    """Read a checkpoint back in place; memory formats stay those of the live tensors.

    Returns:
        The facts that were saved; empty when there is no checkpoint.

    Raises:
        RunFailed: the file is damaged or belongs to other code.
    """
    if not path.is_file():
        return {}
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["selftaught"])
            saved = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        prefix = "method."
        state = {k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)}
        learner.method.load_state_dict(state)
    except (SafetensorError, KeyError, RuntimeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise RunFailed(
            f"{path} cannot be read ({reason}); give --fresh to begin anew (the folder is kept aside)."
        ) from None
    optimiser = learner.optimiser
    for i, parameter in enumerate(parameters_of(optimiser)):
        for key, tensor in saved.items():
            if key.startswith(f"optimiser.{i}."):
                like = parameter if tensor.shape == parameter.shape else tensor
                device = parameter.device if tensor.ndim else tensor.device
                live = torch.empty_like(like, device=device, requires_grad=False).copy_(tensor)
                optimiser.state[parameter][key.split(".", 2)[2]] = live
        for key, value in header["optimiser"].items():
            if key.startswith(f"{i}."):
                optimiser.state[parameter][key.split(".", 1)[1]] = value
    if scale := header.get("scaler"):
        learner.scaler.load_state_dict(scale)
    facts: dict[str, Any] = header["facts"]
    return facts
