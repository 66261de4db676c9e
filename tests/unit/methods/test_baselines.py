"""Baselines that are solved: PCA and CCA against scikit-learn, and through a whole run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn import cross_decomposition, decomposition

from selftaught import config
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.methods import Material
from selftaught.methods.baselines.cca import CCA, canonical_correlations, inverse_root
from selftaught.methods.baselines.pca import PCA
from selftaught.runs import RunFolder
from selftaught.training import carry_out, prepare

SMALL = {"data": "shapes", "data.take": 120, "encoder": "resnet_tiny", "precision": "float32"}


def correlated(n: int = 300) -> tuple[torch.Tensor, torch.Tensor]:
    """Two noisy linear views of three common causes."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    causes = normal(n, 3) * torch.tensor([3.0, 1.0, 0.5])
    return causes @ normal(3, 6) + normal(n, 6), causes @ normal(3, 5) + normal(n, 5) + 4


def material(pictures: torch.Tensor, *views: torch.Tensor) -> Material:
    return Material(pictures, 0, (0.5,) * 3, (0.2,) * 3, list(views))


def test_canonical_correlations_are_those_of_scikit_learn() -> None:
    x, y = correlated()
    rho, a, b = canonical_correlations(x, y)
    reference = cross_decomposition.CCA(n_components=5, scale=False, max_iter=5000, tol=1e-12)
    u, v = reference.fit_transform(x.numpy(), y.numpy())
    expected = [np.corrcoef(u[:, i], v[:, i])[0, 1] for i in range(5)]
    np.testing.assert_allclose(rho.numpy(), expected, atol=1e-6)
    one, other = (x - x.mean(0)) @ a, (y - y.mean(0)) @ b
    identity = torch.eye(5, dtype=torch.float64)
    torch.testing.assert_close(one.T @ one / 299, identity)
    torch.testing.assert_close(one.T @ other / 299, rho.diag())


def test_directions_without_variance_are_left_out() -> None:
    x, y = correlated()
    rho, a, _ = canonical_correlations(torch.cat([x, x], dim=1), y)
    torch.testing.assert_close(rho, canonical_correlations(x, y)[0])
    assert a.isfinite().all()


def test_regularisation_adds_to_the_diagonal() -> None:
    x, _ = correlated()
    c = x.T.cov()
    root = inverse_root(c, 0.5)
    ridged = c + 0.5 * c.diagonal().mean() * torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(root @ ridged @ root, torch.eye(6, dtype=torch.float64))


def fit(baseline: Any, given: Material) -> Encoder:
    (found,) = baseline.fit(Encoder(), given).values()
    assert isinstance(found, Encoder)
    return found


@pytest.mark.parametrize("whiten", [False, True])
def test_pca_is_that_of_scikit_learn(whiten: bool) -> None:
    torch.manual_seed(0)
    pictures = torch.randn(60, 3, 4, 4) * torch.linspace(0.5, 2, 4) + 1
    found = fit(PCA(dims=5, whiten=whiten), material(pictures))(pictures)
    reference = decomposition.PCA(5, whiten=whiten, svd_solver="full")
    expected = torch.tensor(reference.fit_transform(pictures.flatten(1).double().numpy()))
    signs = (found.double() * expected).sum(0).sign()
    torch.testing.assert_close(found.double(), expected * signs, rtol=1e-3, atol=1e-3)


def test_pca_has_no_more_dimensions_than_the_pictures_vary_in() -> None:
    encoder = fit(PCA(dims=128, whiten=True), material(torch.randn(10, 3, 4, 4)))
    assert encoder.dim == 9
    assert encoder(torch.randn(2, 3, 4, 4)).isfinite().all()


def test_cca_keeps_what_two_views_share() -> None:
    torch.manual_seed(0)
    cause, pattern = torch.randn(400, 1, 1, 1), torch.randn(3, 4, 4)
    one, other = (cause * pattern + torch.randn(400, 3, 4, 4) for _ in range(2))
    encoder = fit(CCA(dims=2, regularisation=0.01), material(one, one, other))
    clean = encoder(cause * pattern)
    shared, rest = (np.corrcoef(clean[:, i], cause.flatten())[0, 1] for i in range(2))
    assert abs(shared) > 0.99
    noise = encoder(torch.randn(400, 3, 4, 4))
    assert clean[:, 0].std() > 2 * noise[:, 0].std()
    assert abs(rest) <= 1


@pytest.mark.parametrize(("name", "own"), [("pca", {"dims": 8}), ("cca", {"dims": 8})])
def test_they_go_through_a_whole_run(name: str, own: dict[str, Any], tmp_path: Path) -> None:
    run = config.resolve(name, SMALL, {"views.size": 16}, own)
    setup = prepare(run)
    assert len(setup.views.views) == (2 if name == "cca" else 1)
    found = carry_out(setup, RunFolder.open(tmp_path / "run", run), split="validation")
    assert found["verdict"] == "fitted"
    assert found["validation"]["linear"]["accuracy"] > 0


def test_a_pretrained_model_goes_through_a_whole_run(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    save_file(timm.create_model("test_resnet").state_dict(), tmp_path / "w.safetensors")
    own = {"model": "test_resnet", "file": str(tmp_path / "w.safetensors")}
    run = config.resolve("pretrained", SMALL, own)
    folder = RunFolder.open(tmp_path / "run", run)
    found = carry_out(prepare(run), folder, split="validation", protocols=("knn",))
    assert found["verdict"] == "fitted"


def test_missing_weights_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    run = config.resolve("pretrained", SMALL, {"file": str(tmp_path / "none.pth")})
    with pytest.raises(Refusal, match=r"there is no file .*none\.pth"):
        prepare(run)
