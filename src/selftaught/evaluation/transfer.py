"""Transfer (Kornblith, Shlens and Le, 2018), https://arxiv.org/abs/1805.08974, section 3.

Do the frozen features tell the classes of pictures apart that the encoder was not taught on?

The probes ``linear`` and ``knn`` at their published settings, on each of the sets that are named, with their
own split into learning, choosing and answering. Pictures are cut and enlarged or reduced to the size of the
encoder's views, and normalised with the statistics of the pictures that it was taught on.
"""

from collections.abc import Mapping
from typing import Any

from selftaught.data import Splits
from selftaught.errors import Refusal
from selftaught.evaluation import protocols
from selftaught.evaluation.elsewhere import keys, opened, refusal, seen_by, several
from selftaught.evaluation.results import Pool, Result, Subject
from selftaught.types import Names

PROBES = ("linear", "knn")


def suits(splits: Splits, split: str, parameters: Mapping[str, Any]) -> str | None:
    """Whether sets are named that can be had and have labels on this split."""
    reason = refusal(parameters["data"], splits, "transfer.data")
    if reason is None:
        try:
            for name in several(parameters["data"]):
                protocols.check(opened(name, splits), split)
        except Refusal as error:
            return str(error)
    return reason


def protocol(pool: Pool, subject: Subject, *, data: Names = "") -> Result:
    """The linear probe's accuracy, the mean over the sets; each set's, and kNN's, stand beside it.

    Args:
        data: the other sets: names of built-in ones, or paths of folders.
    """
    scores: dict[str, float] = {}
    by_data: dict[str, Any] = {}
    for name, key in keys(data).items():
        other = opened(name, subject.splits)
        found = protocols.evaluate(
            subject.encoder,
            other,
            seen_by(subject.clean, other),
            split=pool.settings["split"],
            protocols=PROBES,
            device=subject.device,
            dtype=subject.dtype,
            batch=subject.batch,
        ).results
        scores |= {f"{probe}_{key}": found[probe].value for probe in PROBES}
        by_data[name] = {probe: found[probe].settings for probe in PROBES}
    values = [scores[f"linear_{key}"] for key in keys(data).values()]
    return Result(
        value=sum(values) / len(values),
        settings={"split": pool.settings["split"], "by_data": by_data},
        scores=scores,
    )
