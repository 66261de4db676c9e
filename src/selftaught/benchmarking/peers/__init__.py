"""Other packages at the same work: their public modules, our encoder, batch, precision, pictures and views.

Each is run as its own examples ship it (``default``) and as well as its public interface allows (``best``).
What the two are is said in the peer's file and stands in the row as ``settings``. Nothing of theirs is copied:
the loop around their modules is the one that their documentation describes.
"""

from collections.abc import Callable
from importlib import import_module

from selftaught.benchmarking.peers.beside import Beside
from selftaught.training.setup import Setup

__all__ = ["Beside", "beside"]


def beside(peer: str, setup: Setup, say: Callable[[str], None]) -> dict[str, Beside]:
    """The contenders of a peer, by configuration; none, and a sentence, where it has not the method.

    Args:
        peer: one of ``plan.PEERS``, which is installed.
        setup: of our run, whose pictures, views, encoder, batch and precision they take.
    """
    module = import_module(f"{__name__}.{peer.replace('-', '_')}")
    known = module.METHODS
    if setup.run.method.name not in known:
        say(f"{peer}: {setup.run.method.name} is not run beside; only {', '.join(known)} are.")
        return {}
    found: dict[str, Beside] = module.contenders(setup)
    return found
