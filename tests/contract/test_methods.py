"""What must hold of every method found in the tree, by name of nothing but the folder."""

import ast
import copy
import inspect
from typing import Any

import pytest
import torch
from torch import Tensor

from selftaught import catalogue, encoders, methods
from selftaught.batch import Batch
from selftaught.catalogue import described
from selftaught.config import Run
from selftaught.keys import Keys
from selftaught.methods import Method

TRAINED = [name for name in catalogue.built_in() if not catalogue.entry(name).baseline]

SMALL: dict[str, Any] = {
    "projector": (32, 16),
    "predictor": (32, 16),
    "queue": 16,
    "prototypes": 12,
    "directions": 16,
    "classifier": (32,),
    "permutations": 12,
    "width": 32,
    "depth": 1,
    "heads": 4,
}
"""Widths for a test's size, for those that have them."""

OWN: dict[str, dict[str, Any]] = {
    "wmse": {"projector": (32, 3), "slice_size": 8},  # eight pictures span few dimensions
    "context": {"gap": 0.25},  # tiles of four pixels
}
"""Those that need yet others."""

ORDERED = {
    "moco": "its splits decide which keys share batch statistics (tests/contract/test_metric_learning.py)"
}
"""Methods to which the order of the pictures means something, and why."""


def build(name: str, **parameters: Any) -> Method:
    torch.manual_seed(0)
    tokens = catalogue.entry(name).load().needs.tokens
    stem = {} if tokens else {"stem": "strided"}
    encoder = encoders.build("vit_micro" if tokens else "resnet_tiny", channels=3, size=16, **stem)
    known = catalogue.entry(name).parameters
    small = {key: value for key, value in SMALL.items() if key in known}
    return methods.build(name, encoder, classes=4, **{**small, **OWN.get(name, {}), **parameters})


def batch_for(
    method: Method, n: int = 8, seed: int = 1, dtype: torch.dtype = torch.float32
) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    views = [
        torch.randn(n, 3, 16, 16, generator=generator, dtype=dtype)
        for _ in range(method.needs.views)
    ]
    labels = torch.arange(n) % 4 if method.needs.labels else None
    draws = method.draw(Keys(seed, 0, torch.arange(n)))
    small = [
        torch.randn(n, 3, 8, 8, generator=generator, dtype=dtype)
        for _ in range(method.needs.small or 0)
    ]
    return Batch(views, torch.arange(n), labels, draws, small)


def total(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


@pytest.mark.parametrize("name", TRAINED)
def test_losses_are_finite_float32_scalars(name: str) -> None:
    method = build(name)
    outputs = method(batch_for(method))
    assert outputs.losses
    for value in outputs.losses.values():
        assert value.shape == ()
        assert value.dtype == torch.float32
        assert value.isfinite()
    shown, left = divmod(len(outputs.features), 8)  # MoCo shows its student one view of two
    assert 1 <= shown <= method.needs.views
    assert (left, outputs.features.shape[1]) == (0, method.kept.dim)


@pytest.mark.parametrize("name", TRAINED)
def test_every_trainable_parameter_has_a_gradient_and_no_other_has(name: str) -> None:
    method = build(name)
    outputs = method(batch_for(method))
    method.after_step(outputs, 0.5)
    total(method(batch_for(method, seed=2)).losses).backward()
    for key, parameter in method.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, key
            assert parameter.grad.abs().sum() > 0, key
        else:
            assert parameter.grad is None, key


@pytest.mark.parametrize("name", TRAINED)
def test_the_optimiser_gets_every_trainable_parameter_once(name: str) -> None:
    method = build(name)
    given = [id(p) for group in method.parameter_groups() for p in group.parameters]
    assert sorted(given) == sorted(id(p) for p in method.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", TRAINED)
def test_two_forwards_of_one_batch_agree(name: str) -> None:
    method = build(name)
    batch = batch_for(method)
    first, second = method(batch), method(batch)
    for key, value in first.losses.items():
        assert torch.equal(value, second.losses[key])


@pytest.mark.parametrize("name", TRAINED)
def test_forward_changes_nothing_but_running_statistics(name: str) -> None:
    method = build(name)
    before = copy.deepcopy(method.state_dict())
    method(batch_for(method))
    for key, value in method.state_dict().items():
        if "running_" not in key and "num_batches" not in key:
            assert torch.equal(value, before[key]), key


@pytest.mark.parametrize("name", sorted({*TRAINED} - ORDERED.keys()))
def test_the_order_of_the_pictures_means_nothing(name: str) -> None:
    method = build(name).double()
    batch = batch_for(method, dtype=torch.float64)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(3))
    shuffled = Batch(
        [view[order] for view in batch.views],
        batch.index[order],
        None if batch.labels is None else batch.labels[order],
        {key: value[order] if len(value) > 1 else value for key, value in batch.draws.items()},
        [crop[order] for crop in batch.small],
    )
    for key, value in method(batch).losses.items():
        torch.testing.assert_close(value, method(shuffled).losses[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", TRAINED)
def test_bfloat16_gives_float32_losses_near_the_exact_ones(name: str) -> None:
    method = build(name)
    batch = batch_for(method, n=32)
    exact = method(batch).losses
    with torch.autocast("cpu", torch.bfloat16):
        rough = method(batch).losses
    for key, value in exact.items():
        assert rough[key].dtype == torch.float32
        torch.testing.assert_close(rough[key], value, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("name", TRAINED)
def test_state_is_the_whole_truth(name: str) -> None:
    """A method rebuilt from its state dict goes on exactly like the original."""
    method = build(name)
    method.after_step(method(batch_for(method)), 0.3)
    again = build(name)
    again.load_state_dict(method.state_dict())
    batch = batch_for(method, seed=5)
    for key, value in method(batch).losses.items():
        assert torch.equal(value, again(batch).losses[key])


@pytest.mark.parametrize("name", TRAINED)
def test_a_gradient_step_lowers_the_loss(name: str) -> None:
    method = build(name)
    batch = batch_for(method, n=32)
    optimiser = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], lr=0.01)
    before = total(method(batch).losses)
    for _ in range(5):
        optimiser.zero_grad()
        total(method(batch).losses).backward()
        optimiser.step()
    assert total(method(batch).losses) < before


@pytest.mark.parametrize("name", TRAINED)
def test_the_kept_network_is_part_of_the_method(name: str) -> None:
    method = build(name)
    assert any(module is method.kept for module in method.modules())


@pytest.mark.parametrize("name", list(catalogue.built_in()))
def test_the_file_says_who_wrote_the_paper_and_where_it_is(name: str) -> None:
    entry = catalogue.entry(name)
    assert entry.link is not None or "No paper" in entry.document
    assert len(entry.document.splitlines()) >= 3 or "No paper" in entry.document


@pytest.mark.parametrize("name", list(catalogue.built_in()))
def test_the_file_read_as_text_agrees_with_the_class(name: str) -> None:
    entry = catalogue.entry(name)
    kind = entry.load()
    real = {
        key: parameter.default
        for key, parameter in inspect.signature(kind.__init__).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert {key: p.default for key, p in entry.parameters.items()} == real
    assert entry.seeded == getattr(kind, "seeded", True)


@pytest.mark.parametrize("name", list(catalogue.built_in()))
def test_every_parameter_has_a_meaning_and_nothing_else_has_one(name: str) -> None:
    entry = catalogue.entry(name)
    document = inspect.cleandoc(entry.load().__doc__ or "")
    assert document
    assert list(described.meanings_of(document)) == list(entry.parameters)  # in the same order
    for key, parameter in entry.parameters.items():
        assert parameter.meaning, key


@pytest.mark.parametrize("name", list(catalogue.built_in()))
def test_no_parameter_hides_a_key_of_the_run(name: str) -> None:
    assert not set(catalogue.entry(name).parameters) & set(Run.model_fields)


@pytest.mark.parametrize("name", TRAINED)
def test_no_step_waits_for_the_device(name: str, never_waits: Any) -> None:
    method = build(name)
    batch = batch_for(method, n=32)
    with never_waits():
        outputs = method(batch)
        total(outputs.losses).backward()
        method.after_backward(0.0)
        method.after_step(outputs, 0.5)


@pytest.mark.parametrize("name", TRAINED)
def test_the_method_fits_beside_its_paper(name: str) -> None:
    """Prose aside: what is explained well is not longer for it."""
    text = catalogue.built_in()[name].read_text(encoding="utf-8")
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    prose = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, kinds) and ast.get_docstring(node)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = [line for i, line in enumerate(text.splitlines(), 1) if line.strip() and i not in prose]
    assert len(lines) <= 75
