"""What sizes, bits, brightness and colour mean."""

from collections.abc import Iterator
from typing import Any

from selftaught.doctor.advice.sentences import Advice, percent
from selftaught.errors import counted

PLAIN = 0.01

FEW_GREY = 0.01

DIM = 0.25
"""A set whose brightest pixel stays below this share of the levels does not use its bits."""

FAR_LARGER = 4
"""Median short side, in views: decoding much larger pictures than are shown takes most of the time."""


def size(content: dict[str, Any]) -> Iterator[Advice]:
    """Pictures smaller than the views, or far larger."""
    sizes, plans = content["sizes"], content["choices"]
    if not sizes or not plans:
        return
    side = plans[0]["size"]
    short = sizes["short_side"]
    if short["min"] < side:
        below = sizes["below_view"]
        yield Advice(
            "warning" if below > 0.05 * content["counts"]["pictures"] else "note",
            "size",
            counted(below, "picture has", "pictures have")
            + f" a side below {side} px, the size of the views: their crops are "
            "enlarged.",
        )
    seconds = (content["files"] or {}).get("seconds_a_file")
    if short["median"] >= FAR_LARGER * side and seconds:
        yield Advice(
            "warning",
            "size",
            f"The median short side is {short['median']:,} px and the views have {side}: reading a "
            "file takes "
            f"{1000 * seconds:.0f} ms on one core each time. Copies of about {2 * side} px would be "
            "read much faster.",
        )


def kind(content: dict[str, Any]) -> Iterator[Advice]:
    """Sixteen bits, and channels other than grey and colour."""
    for kind in content["kinds"]:
        channels = {1: "grey", 3: "colour"}.get(kind["channels"], f"{kind['channels']} channels")
        if kind["bits"] == 16:
            brightest = content["colour"].get("brightest_pixel", 1.0)
            dim = brightest < DIM
            yield Advice(
                "warning" if dim else "note",
                "kind",
                counted(kind["pictures"], "picture is", "pictures are")
                + f" 16-bit {channels}: all bits are kept"
                + (
                    f", but the brightest pixel of all is {brightest * 65535:,.0f} of 65,535, so the "
                    "views are dark and "
                    "jitter and solarisation miss: stretch the pictures first."
                    if dim
                    else "."
                ),
            )
        elif kind["channels"] not in (1, 3):
            yield Advice(
                "note",
                "kind",
                counted(kind["pictures"], "picture has", "pictures have")
                + f" {channels}: views have no hue, saturation or "
                "grayscale, and the "
                "first three channels are shown.",
            )


def colour(content: dict[str, Any]) -> Iterator[Advice]:
    """Constant, grey, dark and bright pictures."""
    colour, number = content["colour"], content["counts"]["pictures"]
    if not colour:
        return
    if colour["plain"]:
        yield Advice(
            "warning" if colour["plain"] > PLAIN * number else "note",
            "colour",
            counted(colour["plain"], "picture is", "pictures are")
            + f" nearly constant, such as {colour['plain_files'][0]}: "
            "nothing can be "
            "learnt from them, and all look alike.",
        )
    if colour["grey"] and colour["grey"] == colour["three_channels"] == number:
        yield Advice(
            "note",
            "colour",
            "All pictures are grey with three equal channels: saved with one, they would be read and "
            "cropped faster.",
        )
    elif colour["grey"] > FEW_GREY * colour["three_channels"]:
        yield Advice(
            "note",
            "colour",
            f"{colour['grey']:,} of {colour['three_channels']:,} colour pictures are grey: that can "
            "be told at a "
            "glance, so it may be learnt instead of the content.",
        )
    for word in ("dark", "bright"):
        if colour[word] > 0.05 * number:
            yield Advice(
                "note",
                "colour",
                f"{percent(colour[word] / number)} of the pictures are very {word}, such as "
                f"{colour[f'{word}_files'][0]}.",
            )
