"""How names, numbers and settings are written, on the page and in the terminal."""

import math
from collections.abc import Mapping
from typing import Any

from selftaught import catalogue
from selftaught.errors import Refusal
from selftaught.measures import ACCURACY, Measure, number

Number = int | float  # JSON writes 41.0 seconds as 41

FAMILIES = {
    "metric_learning": "deep metric learning",
    "self_distillation": "self-distillation",
    "canonical_correlation": "canonical correlation analysis",
    "masked_modelling": "masked modelling",
    "pretext": "pretext task",
    "baselines": "baseline",
}
SYMBOLS = {"k": "k", "temperature": "T", "l2": "L2"}
ABSENT = "–"


def title(contestant: str) -> tuple[str, str]:
    """``byol:momentum=0,0`` as its method's written name and its overrides ("" without)."""
    method, _, overrides = contestant.partition(":")
    try:
        return catalogue.entry(method).written, overrides
    except Refusal:  # of a package that is not installed here
        return method, overrides


def full_title(contestant: str) -> str:
    """The written name with its overrides, for one line of text."""
    name, overrides = title(contestant)
    return f"{name} {overrides}" if overrides else name


def family(name: str) -> str:
    """A family's written name."""
    return FAMILIES.get(name, name.replace("_", " "))


def protocol(name: str) -> str:
    """A protocol's written name."""
    try:
        return catalogue.protocol(name).written
    except Refusal:  # of a version that has more
        return name.replace("_", " ")


def column(name: str, measure: Measure) -> str:
    """What heads a column of numbers, without the unit: accuracy goes without saying."""
    return protocol(name) + ("" if measure == ACCURACY else f" {measure.written}")


def scored(name: str, result: Mapping[str, Any], digits: int = 1) -> str:
    """``linear 70.3%``, ``retrieval mAP 31.0%``: a protocol's part of results.json in a few words."""
    measure = catalogue.measure(name, result)
    said = "" if measure == ACCURACY else f" {measure.written}"
    return f"{name}{said} {measure.phrase(number(result), digits)}"


def question(name: str) -> str:
    """What a protocol asks of an encoder, in its own words; "" where its file is not here."""
    try:
        return catalogue.protocol(name).question
    except Refusal:
        return ""


def needs_labels(name: str) -> bool:
    """Whether a protocol reads labels; one of another version is taken to."""
    try:
        return catalogue.protocol(name).labels
    except Refusal:
        return True


LONG = 18


def short(name: str) -> str:
    """A protocol's written name where it fits over a column, its plain name otherwise."""
    written = protocol(name)
    plain = name.replace("_", " ")
    return written if len(written) <= LONG else plain[:1].upper() + plain[1:]


def spoken(name: str) -> str:
    """A protocol in a sentence: ``the linear probe``, ``kNN``, ``robustness``."""
    written = short(name)
    if name == "linear":
        return f"the {written.lower()}"
    return written.lower() if written[1:].islower() else written


def listing(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def percent(fraction: Number | None, digits: int = 1) -> str:
    """A share in [0, 1] as percent without the sign: columns and axes carry it."""
    return ABSENT if unknown(fraction) else f"{100 * fraction:.{digits}f}"  # type: ignore[operator]


def count(number: Number | None) -> str:
    """Thousands are set apart by a comma."""
    return ABSENT if unknown(number) else f"{number:,.0f}"


def compact(number: Number) -> str:
    """A number in at most five signs, for the ticks of an axis: 250k, 1.5M, 0.05."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.3g}{letter}"
    return f"{number:.3g}"


def duration(seconds: Number | None) -> str:
    """Seconds as ``0.4 s``, ``41 s``, ``1 min 12 s`` or ``2 h 05 min``."""
    if unknown(seconds):
        return ABSENT
    assert seconds is not None
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def memory(size: Number | None) -> str:
    """Bytes as MB or GB (powers of ten)."""
    if unknown(size):
        return ABSENT
    assert size is not None
    return f"{size / 1e9:.1f} GB" if size >= 0.9995e9 else f"{size / 1e6:.0f} MB"


def setting(value: Any) -> str:
    """A setting's value, short."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(setting, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def settings(result: Mapping[str, Any]) -> str:
    """The few settings that must stand beside a number: ``k = 20, T = 0.1``, and whatever was changed."""
    shown = {symbol: result[key] for key, symbol in SYMBOLS.items() if result.get(key) is not None}
    for key, value in (result.get("changed") or {}).items():
        if key not in SYMBOLS:
            shown[key.replace("_", " ")] = value
    return ", ".join(f"{name} = {setting(value)}" for name, value in shown.items())


def unknown(number: Number | None) -> bool:
    """Whether a number is missing or not finite."""
    return number is None or not math.isfinite(number)
