"""How long kNN and the linear probe take, beside slow references that stop at nothing, on the same features.

``python benchmarks/speed.py judging`` calls it. The features are made up, of ten classes, since seconds do
not ask where numbers come from: noise whose spectrum falls as an encoder's does, and ``apart`` says how far
classes lie from each other. Ours are the whole protocols, with everything that is chosen on held-back pictures
(k and temperature; the strength of the penalty). The references are given what ours chose, and run once: kNN
over float64 similarities of all pairs, and scikit-learn's logistic regression until its gradient is small.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from selftaught.evaluation.knn import NEIGHBOURS, TEMPERATURE, vote
from selftaught.evaluation.protocols import find
from selftaught.evaluation.results import Pool, Result
from selftaught.runs import environment

CLASSES = 10
HARD, EASY = 0.12, 0.5
"""How far classes lie apart: a linear classifier reads two thirds, and nearly all, of the queries."""


def pool(
    apart: float, *, bank: int, queries: int, width: int, device: torch.device | str = "cpu"
) -> Pool:
    """Made-up features, of which a tenth of the bank is held back."""
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(CLASSES, (bank + queries,), generator=random)
    spectrum = torch.arange(1, width + 1).rsqrt()
    turn = torch.linalg.qr(torch.randn(width, width, generator=random)).Q
    centres = torch.randn(CLASSES, width, generator=random) * spectrum
    noise = torch.randn(bank + queries, width, generator=random) * spectrum
    features = ((apart * centres[labels] + noise) @ turn).relu_().to(device)
    labels = labels.to(device)
    return Pool(
        bank=features[:bank],
        labels=labels[:bank],
        fit=torch.arange(bank // 10, bank, device=device),
        held=torch.arange(bank // 10, device=device),
        queries=features[bank:],
        answers=labels[bank:],
        classes=CLASSES,
        settings={},
        chosen_on="a tenth of the bank",
    )


def plain_knn(pool: Pool, found: Result) -> float:
    """Accuracy by the similarities of all pairs, in float64."""
    bank = F.normalize(pool.bank.double(), dim=1)
    right = 0
    for queries, answers in zip(pool.queries.split(500), pool.answers.split(500), strict=True):
        similarities, index = (F.normalize(queries.double(), dim=1) @ bank.T).topk(NEIGHBOURS)
        said = vote(similarities.float(), pool.labels[index], pool.classes, TEMPERATURE)
        right += int((said == answers).sum())
    return right / len(pool.answers)


def plain_probe(pool: Pool, found: Result) -> float:
    """Accuracy of scikit-learn's logistic regression, with the strength that ours chose."""
    scale = StandardScaler().fit(pool.bank.cpu().double().numpy())
    bank, queries = (scale.transform(x.cpu().double().numpy()) for x in (pool.bank, pool.queries))
    inverse = 1 / (found.settings["l2"] * len(bank))
    model = LogisticRegression(C=inverse, tol=1e-5, max_iter=5000)
    model.fit(bank, pool.labels.cpu().numpy())
    return float(model.score(queries, pool.answers.cpu().numpy()))


REFERENCES: dict[str, tuple[str, Callable[[Pool, Result], float]]] = {
    "knn": ("all pairs in float64", plain_knn),
    "linear": ("scikit-learn, the chosen strength alone", plain_probe),
}


def timed(work: Callable[[], Any], device: torch.device) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began, found


def measure(
    device: str = "cpu",
    threads: int | None = None,
    repeats: int = 3,
    bank: int = 50_000,
    queries: int = 10_000,
    width: int = 512,
) -> dict[str, Any]:
    """The table: where it was measured and its rows."""
    torch.set_num_threads(threads or torch.get_num_threads())
    where, rows = torch.device(device), []
    for kind, apart in (("hard", HARD), ("easy", EASY)):
        features = pool(apart, bank=bank, queries=queries, width=width, device=where)
        for name, (reference, plain) in REFERENCES.items():
            protocol, taken = find(name), []
            for _ in range(repeats):
                again = replace(features)  # what was learnt from a pool is kept with it
                seconds, found = timed(lambda p=protocol, f=again: p(f), where)
                taken.append(seconds)
            slow, accuracy = timed(lambda p=plain, f=features, r=found: p(f, r), where)
            rows.append(
                {
                    "protocol": name,
                    "features": kind,
                    "bank": bank,
                    "queries": queries,
                    "width": width,
                    "seconds": statistics.median(taken),
                    "seconds_each": taken,
                    "accuracy": found.value,
                    "reference": reference,
                    "reference_seconds": slow,
                    "reference_accuracy": accuracy,
                }
            )
            print(
                f"{name}, {kind}: {rows[-1]['seconds']:.2f} s and {found.value:.2%}; {reference}: "
                f"{slow:.1f} s and {accuracy:.2%}",
                file=sys.stderr,
            )
    machine = environment()
    machine["threads"], machine["device"] = torch.get_num_threads(), str(where)
    return {"environment": machine, "rows": rows}
