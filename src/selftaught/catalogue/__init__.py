"""Which methods and protocols there are: ``methods/*/NAME.py`` and ``evaluation/NAME.py`` are the registries.

A file is *read*, not imported: its docstring gives the paper, its class's constructor (a protocol's: the
function ``protocol``) the parameters. So a mistyped method or key is answered in a tenth of a second, before
torch is loaded. Packages outside add methods through the entry-point group ``selftaught.methods``
(``NAME = package.module``), whose module is read in the same way.
"""

from selftaught.catalogue.described import Described, Parameter
from selftaught.catalogue.of_methods import Entry, built_in, entry, names
from selftaught.catalogue.of_protocols import (
    ALL,
    Protocol,
    asked_protocols,
    measure,
    protocol,
    protocols,
)

__all__ = [
    "ALL",
    "Described",
    "Entry",
    "Parameter",
    "Protocol",
    "asked_protocols",
    "built_in",
    "entry",
    "measure",
    "names",
    "protocol",
    "protocols",
]
