"""CKA (Kornblith et al., 2019), https://arxiv.org/abs/1905.00414, section 3.

How alike do two encoders see the same pictures, whatever the axes and the widths of their features?

Centred kernel alignment with the linear kernel:

    CKA(X, Y) = HSIC(X X', Y Y') / sqrt(HSIC(X X', X X') HSIC(Y Y', Y Y')).

With the authors' HSIC, two encoders that have nothing in common are alike, the more so the wider they are
beside the number of pictures (Davari et al., "Reliability of CKA as a Similarity Measure", 2022,
https://arxiv.org/abs/2210.16156). The *debiased* variant (Nguyen, Raghu and Kornblith, 2020,
https://arxiv.org/abs/2010.15327, section 3, after Song et al., 2012, equation 5) takes the unbiased estimate
of HSIC instead and is 0 in the mean there; it is what is used unless it is asked otherwise.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from selftaught.data import Splits
from selftaught.data.channels import with_channels
from selftaught.encoders import files
from selftaught.errors import Refusal
from selftaught.evaluation.elsewhere import several
from selftaught.evaluation.features import extract
from selftaught.evaluation.results import Pool, Result, Subject, curve
from selftaught.keys import shuffle
from selftaught.measures import Measure
from selftaught.types import Count, Names
from selftaught.views.engine import Views

MEASURE = Measure("cka", "debiased CKA", share=False, higher=None)

FEWEST = 4
"""Pictures below which the unbiased estimate does not exist."""

ROUNDING = 100 * torch.finfo(torch.float32).eps ** 2
"""Share of the features' squares below which what moves is rounding."""


@torch.no_grad()
def centred(features: Float[Tensor, "n d"], *, debiased: bool = True) -> Float64[Tensor, "n n"]:
    """The Gram matrix of features, centred such that the product sum of two is their HSIC up to a factor.

    Debiased: without its diagonal, and by the means without it (Szekely and Rizzo, 2014, equation 2.3).
    """
    # Centring first changes nothing in theory and saves the digits that a large mean takes.
    x = features.detach().double()
    x = x - x.mean(0)
    gram = x @ x.T
    if not debiased:
        return gram
    n = len(gram)
    gram.fill_diagonal_(0)
    rows = gram.sum(0) / (n - 2)
    gram = gram - rows[:, None] - rows[None] + rows.sum() / (n - 1)
    return gram.fill_diagonal_(0)


def cka(one: Float[Tensor, "n d"], other: Float[Tensor, "n e"], *, debiased: bool = True) -> float:
    """Linear CKA of two encoders' features of the same n pictures.

    Args:
        debiased: the variant, see above.

    Returns:
        1 for features that a rotation and a scaling make equal; 0 for nothing in common (the debiased estimate
        may fall a little below). 0 when an encoder gives all pictures one feature.

    Raises:
        ValueError: other pictures, or fewer than four.
    """
    return float(matrix([one, other], debiased=debiased)[0, 1])


@torch.no_grad()
def matrix(
    features: Sequence[Float[Tensor, "n _"]], *, debiased: bool = True
) -> Float64[Tensor, "r r"]:
    """Linear CKA between each two of r encoders; each reads the same n pictures, in any width.

    Raises:
        ValueError: they did not, or there are fewer than four.
    """
    counts = {len(each) for each in features}
    if len(counts) > 1 or min(counts) < FEWEST:
        raise ValueError(
            f"CKA compares encoders on the same {FEWEST} or more pictures, not on {sorted(counts)}"
        )
    rows: list[Float32[Tensor, " m"]] = []
    for each in features:
        gram = centred(each, debiased=debiased).flatten()
        length, size = float(gram.norm()), float(each.double().square().sum())
        # A constant encoder leaves rounding behind, which is alike to nothing.
        still = length <= ROUNDING * size
        whole = gram * 0 if still else gram / length
        rows.append(whole.float())  # half the memory, for many runs
    # A cosine between Gram matrices: the factors of HSIC cancel.
    found = torch.zeros(len(rows), len(rows), dtype=torch.float64)
    for i, one in enumerate(rows):
        for j, other in enumerate(rows[: i + 1]):
            found[i, j] = found[j, i] = float(one @ other)
    return found


def encoders_of(other: Names) -> tuple[str, ...]:
    """The files and run folders that are named; a run's ``encoders/`` stands for all that it holds."""
    return tuple(str(path) for name in several(other) for path in files.kept(name) or (name,))


def suits(splits: Splits, split: str, parameters: Mapping[str, Any]) -> str | None:
    """Whether other encoders are named that can be read and can see these pictures."""
    names = encoders_of(parameters["other"])
    if not names:
        return (
            "it needs another encoder; name a run folder, a file, or the looks that a run kept: "
            "cka.other=RUN or cka.other=RUN/encoders."
        )
    if parameters["pictures"] < FEWEST:
        return f"cka.pictures={parameters['pictures']} are too few; give {FEWEST} or more."
    try:
        for name in names:
            _, header = files.read(name)
            with_channels(splits.validation, header["preprocessing"]["channels"], splits.name)
    except Refusal as reason:
        return str(reason)
    return None


def protocol(pool: Pool, subject: Subject, *, other: Names = "", pictures: Count = 1000) -> Result:
    """Debiased linear CKA with another encoder on the queries, the mean where several are named.

    With the looks of a run (``monitor.keep=true``) there is a curve over its epochs: when did it come to see
    the pictures as this encoder does?

    Args:
        other: run folders, their ``encoders/``, or files; each sees the pictures as it was taught to.
        pictures: of the queries, at most; the same for every encoder.
    """
    rows = shuffle(len(pool.queries), seed=0, epoch=0)[:pictures].sort().values
    own = pool.queries[rows.to(pool.queries.device)]
    source = subject.queries.subset(rows)
    scores: dict[str, float] = {}
    looks: dict[str, dict[str, float]] = {}  # folder to the epochs of its files
    names = encoders_of(other)
    for name in names:
        encoder, header = files.read(name)
        seen = header["preprocessing"]
        theirs = extract(
            encoder.to(subject.device),
            with_channels(source, seen["channels"], subject.splits.name),
            Views.clean(
                size=seen["size"],
                channels=seen["channels"],
                levels=source.levels,
                mean=tuple(seen["mean"]),
                std=tuple(seen["std"]),
            ),
            device=subject.device,
            dtype=subject.dtype,
            batch=subject.batch,
        ).features
        scores[f"debiased_{name}"] = cka(own, theirs)
        scores[f"biased_{name}"] = cka(own, theirs, debiased=False)
        if "epoch" in header:
            looks.setdefault(str(Path(name).parent), {})[name] = header["epoch"]
    curves = {
        f"by_epoch_of_{folder}": curve(
            list(epochs.values()),
            [scores[f"debiased_{name}"] for name in epochs],
            across="epoch",
            up=MEASURE.title,
        )
        for folder, epochs in looks.items()
    }
    return Result.measured(
        pool,
        MEASURE,
        sum(scores[f"debiased_{name}"] for name in names) / len(names),
        scores=scores,
        curves=curves,
        pictures_compared=len(rows),
        kernel="linear",
        chosen_on="nothing is chosen",
    )
