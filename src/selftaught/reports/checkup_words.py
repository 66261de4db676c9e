"""The examination of a data set in words, for the terminal and the page."""

from typing import Any

from selftaught.errors import counted
from selftaught.reports.wording import count, duration, full_title, listing, memory

UNITS = ((86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def lines(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Each matter's name and what was found, in words; for the page, too."""
    found = [
        ("pictures", _parts(content["counts"])),
        ("sizes", _sizes(content["sizes"])),
        ("channels", _kinds(content["kinds"])),
        ("files", _files(content["files"])),
        ("copies", _within(content["duplicates"], "copies")),
        ("near-duplicates", _within(content["duplicates"], "near")),
        ("leakage", _leakage(content["duplicates"])),
        ("groups", _groups(content["groups"])),
        ("brightness", _brightness(content["colour"])),
        ("colour", _colour(content["colour"])),
        ("notes", " ".join(content["counts"]["notes"])),
    ]
    return [(name, words) for name, words in found if words]


def _parts(counts: dict[str, Any]) -> str:
    words = []
    for part, found in counts["parts"].items():
        labelled = ""
        if counts["labelled"] and found["labelled"] < found["pictures"]:
            labelled = f" ({count(found['labelled'])} labelled)"
        words.append(f"{count(found['pictures'])} {part}{labelled}")
    end = "" if counts["labelled"] else "; no labels"
    return ", ".join(words) + end


def _sizes(sizes: dict[str, Any]) -> str:
    if not sizes:
        return ""
    height, width = sizes["height"], sizes["width"]
    if sizes["distinct"] == 1:
        return f"all {width['min']} × {height['min']} px"
    short = sizes["short_side"]
    return (
        f"{sizes['distinct']:,} sizes; width {width['min']:,} to {width['max']:,} px, height "
        f"{height['min']:,} to "
        f"{height['max']:,} px; short side {short['min']:,} to {short['max']:,}, median "
        f"{short['median']:,} px; the "
        f"longest is {sizes['longest_to_shortest']:.1f} times as long as wide"
    )


def _kinds(kinds: list[dict[str, Any]]) -> str:
    words = []
    for kind in kinds:
        channels = {1: "grey", 3: "colour"}.get(kind["channels"], f"{kind['channels']} channels")
        words.append(f"{count(kind['pictures'])} {channels} in {kind['bits']} bits")
    return ", ".join(words)


def _files(files: dict[str, Any] | None) -> str:
    if files is None:
        return ""
    formats = ", ".join(f"{number:,} {name}" for name, number in files["formats"].items())
    speed = files["seconds_a_file"]
    each = f"; {1000 * speed:.0f} ms to read one on one core" if speed else ""
    bad = f"; {files['unreadable']:,} cannot be read" if files["unreadable"] else ""
    kinds = f" ({formats})" if formats else ""
    return f"{files['files']:,}{kinds}, {memory(files['bytes'])}{bad}{each}"


def _within(duplicates: dict[str, Any], key: str) -> str:
    if not any(each["pictures"] for each in duplicates["within"]):
        return ""
    if key == "near" and not duplicates["searched"]:
        return "not looked for: pictures below 16 px are too small to tell"
    words = [f"{each[key]:,} within {each['part']}" for each in duplicates["within"] if each[key]]
    return ", ".join(words) or "none within a split"


def _leakage(duplicates: dict[str, Any]) -> str:
    if not duplicates["between"]:
        return ""
    words = [
        f"{each['copies'] + each['near']:,} of {each['pictures']:,} {each['of']} pictures in {each['in']}"
        f" ({100 * each['share']:.2f} %)"
        for each in duplicates["between"]
        if each["copies"] + each["near"]
    ]
    return ", ".join(words) or "none between splits"


def _groups(groups: dict[str, Any] | None) -> str:
    if groups is None:
        return ""
    return (
        f"{count(groups['groups'])} groups of {count(groups['pictures'])} pictures; median "
        f"{groups['median']:g}, largest "
        f"{count(groups['largest'])}; no group is divided"
    )


def _brightness(colour: dict[str, Any]) -> str:
    if not colour:
        return ""
    names = ("red", "green", "blue") if len(colour["mean"]) == 3 else [""] * len(colour["mean"])
    pairs = zip(names, colour["mean"], colour["std"], strict=True)
    words = [f"{name} {mean:.3f} ± {std:.3f}".strip() for name, mean, std in list(pairs)[:6]]
    low, high = colour["brightness"]["5%"], colour["brightness"]["95%"]
    return f"{', '.join(words)} of [0, 1]; nine in ten pictures from {low:.2f} to {high:.2f}"


def _colour(colour: dict[str, Any]) -> str:
    if not colour:
        return ""
    grey = f"{colour['grey']:,} grey of {colour['three_channels']:,} with three channels; "
    return (
        (grey if colour["three_channels"] else "")
        + f"{colour['plain']:,} nearly constant, {colour['dark']:,} very dark, {colour['bright']:,} very bright"
    )


def expected_time(cost: dict[str, Any] | None) -> str:
    """The expected time, and between what and what it lies, in one unit."""
    if cost is None:
        return ""
    looks = cost["looks"]["seconds"]
    times = [cost[key] + looks for key in ("seconds", "seconds_low", "seconds_high")]
    expected, low, high, unit = in_one_unit(*times)
    return f"{expected} {unit} ({low} to {high})"


def in_one_unit(*seconds: float) -> tuple[str, ...]:
    """Times in the largest unit of which the first has two or more, and then the unit."""
    size, unit = next((each for each in UNITS if seconds[0] >= 2 * each[0]), UNITS[-1])
    digits = 1 if seconds[0] < 20 * size else 0
    return (*(f"{each / size:,.{digits}f}" for each in seconds), unit)


def how_measured(cost: dict[str, Any]) -> str:
    """What the estimate rests on."""
    runs = listing(
        [f"{counted(each['steps'], 'step')} of {each['batch']}" for each in cost["measured"]]
    )
    stretched = (
        f"; a step of {cost['batch']} was not tried, since it would take "
        f"{duration(cost['seconds_a_step'])}: a line "
        "through these was followed, and the truth may lie outside of the bounds"
        if cost["extrapolated"]
        else "; the bounds are those of the slowest and the fastest step"
    )
    return (
        f"{full_title(cost['method'])} on {cost['device']}, {cost['threads']} threads, "
        f"{cost['dtype']}: measured on {runs}"
        f"{stretched}. {cost['looks']['number']} looks of the monitor are counted in "
        f"({duration(cost['looks']['seconds'])}), protocols are not."
    )
