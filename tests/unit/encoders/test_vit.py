import pytest
import torch

from selftaught import encoders
from selftaught.encoders.vit import ViT, attention, choose_patch
from selftaught.errors import Refusal


@pytest.fixture(scope="module")
def vit() -> ViT:
    torch.manual_seed(0)
    return ViT("vit_tiny", channels=3, size=32, patch=8).eval()


def test_sizes_are_those_of_the_paper() -> None:
    """Touvron et al. (2021), table 1, in millions, with the classifier of 1,000 left out."""
    for name, million, classes in (("vit_tiny", 5.72, 192), ("vit_small", 22.05, 384)):
        with torch.device("meta"):
            encoder = ViT(name, channels=3, size=224)
        total = sum(p.numel() for p in encoder.parameters()) + 1000 * (classes + 1)
        assert total / 1e6 == pytest.approx(million, abs=0.01)


@pytest.mark.parametrize(
    ("size", "patch"), [(28, 4), (32, 4), (48, 4), (64, 8), (96, 8), (112, 8), (113, 16), (224, 16)]
)
def test_the_patch_follows_the_size_of_the_views(size: int, patch: int) -> None:
    assert choose_patch(size) == patch


@torch.no_grad()
def test_features_are_the_class_token(vit: ViT) -> None:
    pictures = torch.randn(2, 3, 32, 32)
    tokens = vit.tokens(pictures)
    assert tokens.shape == (2, vit.grid**2 + 1, vit.dim)
    assert torch.equal(vit(pictures), tokens[:, 0])


@torch.no_grad()
def test_other_sizes_get_interpolated_positions(vit: ViT) -> None:
    assert vit.tokens(torch.randn(2, 3, 48, 64)).shape == (2, 6 * 8 + 1, vit.dim)
    own, twice = vit._places(4, 4), vit._places(8, 8)
    assert torch.equal(own, vit.positions[:, 1:])
    # Linear positions stay linear inside: interpolation keeps their mean and their order.
    ramp = torch.arange(4.0).repeat(4, 1).flatten()[None, :, None].expand(1, 16, vit.dim)
    saved = vit.positions.data.clone()
    vit.positions.data[:, 1:] = ramp
    try:
        row = vit._places(8, 8)[0, :8, 0]
    finally:
        vit.positions.data.copy_(saved)
    assert twice.shape == (1, 64, vit.dim)
    assert float(row.mean()) == pytest.approx(1.5, abs=1e-4)
    assert (row.diff() > 0).all()


@torch.no_grad()
def test_keeping_all_patches_is_keeping_none_out(vit: ViT) -> None:
    pictures = torch.randn(3, 3, 32, 32)
    everyone = torch.arange(16).expand(3, -1)
    torch.testing.assert_close(vit.tokens(pictures, keep=everyone), vit.tokens(pictures))


@torch.no_grad()
def test_kept_patches_carry_their_own_places_and_others_are_not_seen(vit: ViT) -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(2, 3, 32, 32, generator=generator)
    keep = torch.stack([torch.randperm(16, generator=generator)[:5] for _ in range(2)])
    tokens = vit.tokens(pictures, keep)
    assert tokens.shape == (2, 6, vit.dim)
    hidden = torch.ones(2, 16, dtype=torch.bool).scatter(1, keep, False)
    mask = hidden.view(2, 1, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)
    torch.testing.assert_close(vit.tokens(pictures.masked_fill(mask, 9.0), keep), tokens)
    # The order in which patches are named changes nothing but the order of their tokens.
    torch.testing.assert_close(
        vit.tokens(pictures, keep.flip(1))[:, 1:].flip(1), tokens[:, 1:], rtol=1e-4, atol=1e-5
    )


def test_the_recipe_builds_the_same_network_again(vit: ViT) -> None:
    again = encoders.build(**vit.recipe)
    assert isinstance(again, ViT)
    again.load_state_dict(vit.state_dict())
    assert (again.patch, again.grid) == (8, 4)


def test_fixed_positions_are_those_of_mae_and_stay() -> None:
    vit = encoders.build("vit_micro", channels=3, size=16, positions="fixed")
    assert isinstance(vit, ViT)
    places = vit.positions[0, 1:].view(4, 4, 2, 2, 32)  # row, column; of which; sine, cosine; pace
    turn = 3 / 10_000 ** (torch.arange(32) / 32)
    torch.testing.assert_close(places[3, 1, 0], torch.stack([turn.sin(), turn.cos()]))
    torch.testing.assert_close(places[1, 3, 1], places[3, 1, 0])
    assert not vit.positions[0, 0].any()
    vit(torch.rand(2, 3, 16, 16)).sum().backward()
    assert vit.positions.grad is None and vit.class_token.grad is not None
    again = encoders.build(**vit.recipe)
    assert torch.equal(again.state_dict()["positions"], vit.positions)
    assert vit(torch.rand(2, 3, 24, 24)).shape == (2, 128)  # interpolated
    with pytest.raises(Refusal, match=r"encoder\.positions=fixed is for ViTs"):
        encoders.build("resnet18", channels=3, size=16, positions="fixed")


def test_a_patch_is_not_for_a_resnet() -> None:
    with pytest.raises(Refusal, match=r"encoder\.patch=8 is for ViTs of ours; resnet18 takes"):
        encoders.build("resnet18", channels=3, size=32, patch=8)
    built = encoders.build("vit_micro", channels=3, size=32, patch=8)
    assert isinstance(built, ViT) and (built.patch, built.grid) == (8, 4)


def test_a_stem_is_not_for_a_vit() -> None:
    with pytest.raises(Refusal, match=r"encoder\.stem=small is for ResNets"):
        encoders.build("vit_tiny", channels=3, size=32, stem="small")
    assert encoders.build("vit_tiny", channels=3, size=32, stem="auto").dim == 192


def test_views_smaller_than_a_patch_or_not_divided_are_refused() -> None:
    for size in (6, 30):
        with pytest.raises(Refusal, match=rf"patches of 8 px.*{size} px; give views\.size=\d+"):
            encoders.build("vit_tiny", channels=3, size=size, patch=8)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.bfloat16, 2e-2)])
def test_attention_and_its_gradient_are_torchs(dtype: torch.dtype, tolerance: float) -> None:
    seed = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 2, 3, 9, 8, generator=seed, dtype=torch.float64).to(dtype)
    given = [x.clone().requires_grad_() for x in (q, k, v)]
    expected = [x.double().requires_grad_() for x in (q, k, v)]
    ours = attention(*given)
    theirs = torch.nn.functional.scaled_dot_product_attention(*expected)
    assert ours.dtype == dtype
    for one, other in zip(given, expected, strict=True):
        one.grad = torch.autograd.grad(ours.double().square().sum(), one, retain_graph=True)[0]
        other.grad = torch.autograd.grad(theirs.square().sum(), other, retain_graph=True)[0]
        torch.testing.assert_close(
            one.grad.double(), other.grad, rtol=5 * tolerance, atol=5 * tolerance
        )
    torch.testing.assert_close(ours.double(), theirs, rtol=tolerance, atol=tolerance)


def test_training_on_a_cpu_does_without_the_fused_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bfloat16 backward is several times slower there than plain products."""

    def fused(*given: torch.Tensor) -> torch.Tensor:
        raise AssertionError("the fused form was called")

    monkeypatch.setattr("selftaught.encoders.vit.F.scaled_dot_product_attention", fused)
    attention(*torch.randn(3, 1, 2, 4, 8, requires_grad=True)).sum().backward()
    with torch.no_grad(), pytest.raises(AssertionError, match="fused"):
        attention(*torch.randn(3, 1, 2, 4, 8))
