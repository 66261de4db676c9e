"""The one door to torchvision and timm: public sets, ``timm:NAME`` and Muon need them, nothing else."""

from importlib import import_module
from types import ModuleType

from selftaught.errors import Refusal

STILL_WORKS = (
    "the built-in encoders, folders, 'shapes', 'digits' and all optimisers but muon work without it"
)


def import_torchvision() -> ModuleType:
    """The module ``torchvision``.

    Raises:
        Refusal: it is missing, or was built for another torch.
    """
    return _load("torchvision")


def import_timm() -> ModuleType:
    """The module ``timm``.

    Raises:
        Refusal: it is missing, or the torchvision that it imports was built for another torch.
    """
    return _load("timm")


def import_timm_optimisers() -> ModuleType:
    """The module ``timm.optim``.

    Raises:
        Refusal: as ``import_timm``, or timm is too old to have Muon.
    """
    import_timm()
    optimisers = import_module("timm.optim")
    if not hasattr(optimisers, "Muon"):
        raise Refusal(
            "optimiser=muon is timm's, from its version 1.0.22 on: `pip install -U timm`, or choose "
            "adamw, sgd or lars."
        )
    return optimisers


def _load(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise Refusal(
            f"{name} cannot be imported ({error}): install it with `pip install {name}`; "
            f"{STILL_WORKS}."
        ) from error
    except RuntimeError as error:
        # A CPU-only torch beside the package index's torchvision, which is built for CUDA.
        if "torchvision::" not in str(error):
            raise
        raise Refusal(
            "torchvision was built for another torch than the one installed here "
            f"({error}): reinstall the two together from one source, "
            "`pip install --force-reinstall torch torchvision` with one --index-url for both; "
            f"until then {STILL_WORKS}."
        ) from error
