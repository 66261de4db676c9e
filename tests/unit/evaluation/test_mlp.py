"""The small network: what it reads that a linear probe cannot, against scikit-learn's, and its choices."""

import dataclasses

import numpy as np
import torch
from pools import cloudy
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from selftaught.evaluation import linear, mlp
from selftaught.evaluation.results import Pool, accuracy

TEACHING = mlp.Teaching(steps=400, batch=64, rate=3e-3, seed=0)
SHORT = mlp.Teaching(steps=100, batch=64, rate=1e-2, seed=0)


def rings(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Three rings around one centre, in two of five dimensions: no line tells them apart."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (n,), generator=generator)
    angle = 6.2832 * torch.rand(n, generator=generator)
    radius = 1 + labels + 0.35 * torch.randn(n, generator=generator)
    plane = torch.stack([angle.cos(), angle.sin()], 1) * radius[:, None]
    noise = torch.randn(n, 3, generator=generator)
    return 100 + 7 * torch.cat([plane, noise], 1), labels


def ringed() -> Pool:
    bank, labels = rings(900, 1)
    queries, answers = rings(600, 2)
    rows = torch.arange(900)
    return Pool(bank, labels, rows[:700], rows[700:], queries, answers, 3, {}, "validation")


def test_it_reads_what_a_linear_probe_cannot_and_as_well_as_scikit_learns() -> None:
    pool = ringed()
    head = mlp.fit(pool.bank, pool.labels, classes=3, width=64, decay=0.01, teaching=TEACHING)
    found = accuracy(head.predict(pool.queries), pool.answers)
    mean, scale = pool.bank.mean(0), pool.bank.std(0)
    reference = MLPClassifier((64,), alpha=1e-3, max_iter=1500, random_state=0)
    reference.fit(((pool.bank - mean) / scale).numpy(), pool.labels.numpy())
    expected = reference.score(((pool.queries - mean) / scale).numpy(), pool.answers.numpy())
    assert linear.protocol(pool).value < 0.5
    assert expected > 0.75
    assert abs(found - expected) < 0.05


def test_the_same_seed_gives_the_same_head_and_torchs_generator_is_left_alone() -> None:
    pool = ringed()
    state = torch.get_rng_state()
    short = dataclasses.replace(TEACHING, steps=20)
    one, two, other = (
        mlp.fit(pool.bank, pool.labels, classes=3, width=8, decay=0.1, teaching=each)
        for each in (short, short, dataclasses.replace(short, seed=1))
    )
    for a, b, c in zip(*(head.layers.parameters() for head in (one, two, other)), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    assert torch.equal(torch.get_rng_state(), state)


def test_width_and_decay_are_chosen_on_the_held_part_and_the_bank_is_learnt_again() -> None:
    pool = cloudy(d=40, spread=3.0)
    how = {"widths": (4, 32), "decays": (0.01, 3.0), "steps": 60, "batch": 64}
    result = mlp.protocol(pool, **how)
    teaching = mlp.Teaching(60, 64, 1e-3, 0)
    scores = {}
    for width in (4, 32):
        for decay in (3.0, 0.01):
            head = mlp.fit(
                pool.bank[pool.fit],
                pool.labels[pool.fit],
                classes=5,
                width=width,
                decay=decay,
                teaching=teaching,
            )
            right = head.predict(pool.bank[pool.held]) == pool.labels[pool.held]
            scores[width, decay] = float(right.double().mean())
    width, decay = (result.settings[key] for key in ("width", "decay"))
    assert scores[width, decay] == max(scores.values()) > min(scores.values())
    assert result.settings["chosen_on"] == "validation"
    head = mlp.fit(pool.bank, pool.labels, classes=5, width=width, decay=decay, teaching=teaching)
    assert torch.equal(result.predictions, head.predict(pool.queries))
    mistaken = dataclasses.replace(pool, answers=pool.answers.flip(0))
    again = mlp.protocol(mistaken, **how)
    assert torch.equal(again.predictions, result.predictions), "the queries have no say"


def test_features_that_never_move_and_sets_smaller_than_a_batch_are_no_trouble() -> None:
    pool = cloudy(bank=20)
    pool.bank[:, 3] = 7.0
    head = mlp.fit(pool.bank, pool.labels, classes=5, width=8, decay=0.0, teaching=SHORT)
    assert np.isfinite([p.sum().item() for p in head.layers.parameters()]).all()
    assert accuracy(head.predict(pool.bank), pool.labels) > 0.5
    moved = pool.bank.clone()
    moved[:, 3] = torch.linspace(-900, 900, len(moved))
    assert torch.equal(head.predict(moved), head.predict(pool.bank)), "nothing was learnt of it"
