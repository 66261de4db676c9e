"""A study as it is asked for, and the runs that it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selftaught import catalogue, config, judging
from selftaught.comparison.studies.catalogue import find
from selftaught.comparison.studies.study import Asked
from selftaught.errors import Refusal


def ask(
    study: str | None,
    contestants: Sequence[str],
    encoders: Sequence[str],
    overrides: Mapping[str, Any],
) -> Asked | None:
    """The study that was asked for, with the sizes of encoders if it compares some; None without a study.

    Args:
        encoders: what the user gave; none takes the study's own.
        overrides: what holds for all contestants.

    Raises:
        Refusal: there is no such study, or the encoders do not fit it.
    """
    sizes = find(study).encoders if study is not None else ()
    if study is not None and not any(speaks_of(each) for each in contestants):
        raise Refusal(
            f"The study '{study}' compares methods that see no labels with supervised training, and "
            f"{', '.join(contestants)} is none; name one, for example simclr."
        )
    if study is None or not sizes:
        if encoders:
            raise Refusal(
                f"--encoders {','.join(encoders)} is for --study scale; --encoder gives one to all."
            )
        return None if study is None else Asked(study, tuple(contestants))
    chosen = tuple(encoders) or sizes
    if len(set(chosen)) != len(sizes) or len(chosen) != len(sizes):
        raise Refusal(
            f"--encoders takes {len(sizes)} different ones, the smaller first, not "
            f"'{','.join(chosen)}'; for example --encoders {','.join(sizes)}."
        )
    if "encoder" in overrides:
        raise Refusal(
            f"--study {study} runs each contestant with several encoders; give --encoders "
            f"{','.join(sizes)} instead of one."
        )
    return Asked(study, tuple(contestants), chosen)


@dataclass(frozen=True)
class Runs:
    """What ``comparison.plan`` is to plan: whom, how they are judged, and who comes along."""

    contestants: list[str]
    protocols: list[str]
    changes: judging.Changes
    baselines: list[str]


def runs(
    asked: Asked, protocols: Sequence[str], changes: judging.Changes, baselines: Sequence[str]
) -> Runs:
    """What the user gave together with what the study needs; where both set a parameter, the user's wins.

    Raises:
        Refusal: a contestant names an encoder where the study gives it several.
    """
    study = find(asked.name)
    contestants, rivals = list(asked.contestants), list(study.rivals)
    if asked.encoders:
        contestants, rivals = (
            [with_encoder(each, encoder) for each in those for encoder in asked.encoders]
            for those in (contestants, rivals)
        )
    return Runs(
        contestants,
        list(dict.fromkeys([*protocols, *study.protocols])),
        {
            name: {**study.changes.get(name, {}), **changes.get(name, {})}
            for name in {**study.changes, **changes}
        },
        list(dict.fromkeys([*rivals, *baselines])),
    )


def with_encoder(contestant: str, encoder: str) -> str:
    """The same contestant on an encoder: ``byol:momentum=0,0;encoder=resnet_small``.

    Raises:
        Refusal: it names an encoder itself.
    """
    if "encoder" in config.contestant(contestant)[1]:
        raise Refusal(
            f"'{contestant}' names an encoder, and this study runs each contestant with two: "
            "give them with --encoders SMALL,LARGE."
        )
    return f"{contestant}{';' if ':' in contestant else ':'}encoder={encoder}"


def speaks_of(contestant: str) -> bool:
    """Whether a claim about self-supervised encoders is about it: no baseline, and it sees no labels."""
    entry = catalogue.entry(config.contestant(contestant)[0])
    return entry.family != "baselines" and not entry.baseline and not entry.needs.get("labels")
