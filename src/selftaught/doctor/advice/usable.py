"""Whether training would take these pictures at all, and what of the files it would not see."""

from collections.abc import Iterator
from typing import Any

from selftaught.doctor.advice.sentences import Advice
from selftaught.errors import counted

FEW = 1000
"""Below so many pictures, self-supervised training from noise has too little to learn from."""


def usable(content: dict[str, Any]) -> Iterator[Advice]:
    """Refusals, too few pictures, no labels, no test."""
    if content["refusal"]:
        yield Advice(
            "trouble", "usable", f"Training would refuse these pictures: {content['refusal']}"
        )
    for each in content["refused_methods"]:
        yield Advice("trouble", "usable", f"Training would refuse: {each['reason']}")
    for each in content["unmeasured"]:
        yield Advice(
            "warning", "cost", f"The cost of {each['method']} is not known: {each['reason']}"
        )
    pictures = content["counts"]["parts"].get("train", {}).get("pictures", 0)
    pictures += content["counts"]["parts"].get("unlabelled", {}).get("pictures", 0)
    if pictures < FEW:
        yield Advice(
            "warning",
            "usable",
            counted(pictures, "picture to learn from is", "pictures to learn from are")
            + f" fewer than {FEW:,}: more would teach more. Start "
            "from a trained encoder (encoder.init=RUN), or gather some; they need no labels.",
        )
    if not content["counts"]["labelled"]:
        yield Advice(
            "note",
            "usable",
            "No picture has a label: encoders are trained and their health is shown, and nothing is "
            "ranked. Labels for "
            "a few hundred (data.labels=FILE.csv) are enough to rank.",
        )
    elif "test" not in content["counts"]["parts"]:
        yield Advice(
            "note", "usable", "There is no test split: results can be read on validation only."
        )


def files(content: dict[str, Any]) -> Iterator[Advice]:
    """Files that cannot be read, lie about their format, or are passed over."""
    files = content["files"]
    if files is None:
        return
    if files["unreadable"]:
        reasons = "; ".join(
            f"{count:,} × {reason}" for reason, count in list(files["reasons"].items())[:4]
        )
        yield Advice(
            "warning",
            "files",
            f"{counted(files['unreadable'], 'file')} of {files['files']:,} cannot be read ({reasons}), such as "
            f"{files['unreadable_files'][0]['file']}"
            + ("." if content["refusal"] else ": training sets them aside."),
        )
    if files["misnamed"]:
        first = files["misnamed_files"][0]
        misnamed = counted(
            files["misnamed"],
            "file has another format than its ending says",
            "files have another format than their ending says",
        )
        yield Advice(
            "note",
            "files",
            f"{misnamed}, such as {first['file']} "
            f"({first['format']}): they are read by content here, and may not be elsewhere.",
        )
    if files["animated"]:
        yield Advice(
            "warning",
            "files",
            f"{counted(files['animated'], 'file holds', 'files hold')} several pictures, such as "
            f"{files['animated_files'][0]}: only the "
            "first is seen.",
        )
    ignored = sum(files["ignored"].values())
    if ignored:
        endings = ", ".join(
            f"{count:,} {ending or 'without an ending'}"
            for ending, count in list(files["ignored"].items())[:4]
        )
        yield Advice(
            "note",
            "files",
            f"{counted(ignored, 'file is', 'files are')} not taken for pictures and ignored ({endings}).",
        )
