"""Our losses against Lightly's, on random numbers: two readings of the same papers.

Where the two differ on purpose the factor or the transformation stands in the test, with its reason. Lightly
comes with the extra ``peers`` (``make peers``); without it these tests are skipped.

Not compared, because Lightly has no class for them: spectral contrastive, SupCon, mean shift, SimMIM, the
pretext tasks.
"""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from selftaught.methods.canonical_correlation import barlow_twins, lejepa, swav, tico, vicreg, wmse
from selftaught.methods.metric_learning import dcl, moco, mocov3, nnclr, simclr
from selftaught.methods.self_distillation import byol, dino, ibot, simsiam
from selftaught.parts.assignment import sinkhorn
from selftaught.parts.centre import Centre
from selftaught.parts.pairs import mean_over_crossings
from selftaught.parts.spread import koleo
from selftaught.parts.tiles import levelled, patches
from selftaught.parts.whitening import whiten

peers: Any = pytest.importorskip("lightly.loss", reason="Lightly is not installed: make peers")

SIZES = [(9, 5), (5, 9)]
"""More pictures than dimensions, and fewer."""


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def agree(ours: Tensor, theirs: Tensor, rel: float = 1e-9) -> None:
    torch.testing.assert_close(ours.squeeze(), theirs.squeeze(), rtol=rel, atol=rel)


def gradient(loss: Tensor, of: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(loss, of, retain_graph=True)
    return found


# Metric learning


@pytest.mark.parametrize(("n", "p"), SIZES)
def test_nt_xent_is_theirs_with_its_gradient(n: int, p: int) -> None:
    z, y = random(n, p).requires_grad_(), random(n, p, seed=1)
    ours = simclr.nt_xent(torch.cat([z, y]), 0.3)
    theirs = peers.NTXentLoss(temperature=0.3)(z, y)
    agree(ours, theirs)
    agree(gradient(ours, z), gradient(theirs, z))


@pytest.mark.parametrize(("n", "p"), SIZES)
def test_dcl_is_theirs_with_its_gradient(n: int, p: int) -> None:
    z, y = random(n, p).requires_grad_(), random(n, p, seed=1)
    ours = dcl.decoupled(torch.cat([z, y]), 0.3)
    theirs = peers.DCLLoss(temperature=0.3)(z, y)
    agree(ours, theirs)
    agree(gradient(ours, z), gradient(theirs, z))


def test_info_nce_with_a_queue_is_their_nt_xent_with_a_memory_bank() -> None:
    q, k = random(6, 4), random(6, 4, seed=1)
    criterion = peers.NTXentLoss(temperature=0.2, memory_bank_size=(10, 4))
    past = F.normalize(random(10, 4, seed=2), dim=-1)
    criterion.memory_bank.bank = past
    agree(moco.info_nce(q, k, past, 0.2), criterion(q, k))


def test_mocov3_has_two_temperatures_of_cross_entropy_and_negatives_of_the_other_view_alone() -> (
    None
):
    """Lightly's MoCo v3 takes ``NTXentLoss``, whose negatives are of both views and which lacks the
    paper's factor 2 T. So keys are given to it as a memory bank without the own one."""
    q, k, temperature = random(6, 4), random(6, 4, seed=1), 0.3
    rows = []
    for i in range(6):
        criterion = peers.NTXentLoss(temperature=temperature, memory_bank_size=(5, 4))
        others = torch.cat([k[:i], k[i + 1 :]])
        criterion.memory_bank.bank = F.normalize(others, dim=-1)
        rows.append(criterion(q[i : i + 1], k[i : i + 1]))
    agree(mocov3.contrast(q, k, temperature), 2 * temperature * torch.stack(rows).mean())


def test_the_nearest_neighbour_in_the_queue_is_theirs() -> None:
    from lightly.models.modules.nn_memory_bank import NNMemoryBankModule

    bank = NNMemoryBankModule(size=(12, 4))
    bank.bank = F.normalize(random(12, 4, seed=1), dim=-1)
    z = random(6, 4)
    agree(nnclr.nearest(z, bank.bank), bank(z))


def test_nnclr_has_other_negatives_than_theirs_as_in_the_authors_pseudocode() -> None:
    """Lightly's NNCLR takes ``NTXentLoss`` of neighbours and predictions: both directions, and negatives
    of both kinds. Ours lets each neighbour pick among the predictions, so those stand in a memory bank."""
    p, found, temperature = random(6, 4), F.normalize(random(6, 4, seed=1), dim=-1), 0.1
    rows = []
    for i in range(6):
        criterion = peers.NTXentLoss(temperature=temperature, memory_bank_size=(5, 4))
        criterion.memory_bank.bank = F.normalize(torch.cat([p[:i], p[i + 1 :]]), dim=-1)
        rows.append(criterion(found[i : i + 1], p[i : i + 1]))
    agree(nnclr.contrast(p, found, temperature), torch.stack(rows).mean())


# Canonical correlation


@pytest.mark.parametrize(("n", "p"), SIZES)
def test_barlow_twins_is_theirs_with_its_gradient(n: int, p: int) -> None:
    z, y = random(n, p).requires_grad_(), random(n, p, seed=1)
    ours = barlow_twins.invariance(z, y) + 0.0051 * barlow_twins.redundancy(z, y)
    theirs = peers.BarlowTwinsLoss(lambda_param=0.0051)(z, y)
    agree(ours, theirs)
    agree(gradient(ours, z), gradient(theirs, z))


@pytest.mark.parametrize(("n", "p"), SIZES)
def test_vicreg_is_theirs_with_its_gradient(n: int, p: int) -> None:
    """Both halve the variance term over the views and sum the covariance term, like the authors' code."""
    z, y = random(n, p).requires_grad_(), random(n, p, seed=1)
    variance = (vicreg.variance(z) + vicreg.variance(y)) / 2
    covariance = vicreg.covariance(z) + vicreg.covariance(y)
    ours = 25 * vicreg.invariance(z, y) + 25 * variance + covariance
    theirs = peers.VICRegLoss()(z, y)
    agree(ours, theirs)
    agree(gradient(ours, z), gradient(theirs, z))


def test_tico_is_theirs_over_two_steps_except_that_our_gradient_goes_through_c() -> None:
    """Lightly detaches this batch's part of C; in Algorithm 1 only what is kept for the next step is.
    The term is of degree four in z, of which they differentiate two: at the first step ours is twice theirs."""
    criterion, c = peers.TiCoLoss(beta=0.9, rho=20.0), torch.zeros(4, 4, dtype=torch.float64)
    for step in range(2):
        z, t = random(7, 4, seed=2 * step).requires_grad_(), random(7, 4, seed=2 * step + 1)
        before, c = c, tico.second_moment(z, c, 0.9)
        invariance, contrast = tico.invariance(z, t), 20 * tico.contrast(z, c)
        theirs = criterion(z, t)
        agree(invariance + contrast, theirs)
        detached = gradient(invariance + 20 * tico.contrast(z, c.detach()), z)
        agree(detached, gradient(theirs, z))
        if not before.any():
            agree(gradient(contrast, z), 2 * gradient(theirs - invariance, z))
        c = c.detach()
        agree(c, criterion.C)


def test_sinkhorn_is_theirs() -> None:
    """Theirs exponentiates as it is: scores are cosines, so that nothing overflows in it."""
    from lightly.loss.swav_loss import sinkhorn as their_sinkhorn

    scores = F.normalize(random(11, 6), dim=-1)
    for iterations in (0, 1, 3):
        ours = sinkhorn(scores, epsilon=0.05, iterations=iterations)
        theirs = their_sinkhorn(scores.clone(), iterations=iterations, epsilon=0.05)
        if not iterations:  # ours is a softmax then; theirs sums to one over everything
            theirs = theirs / theirs.sum(dim=1, keepdim=True)
        agree(ours, theirs)


def test_swav_is_theirs_with_small_crops_and_a_queue() -> None:
    scores = [
        F.normalize(random(8, 5, seed=i), dim=-1) for i in range(5)
    ]  # two full views, three crops
    past = [F.normalize(random(6, 5, seed=10 + i), dim=-1) for i in range(2)]
    terms = []
    for i in range(2):
        q = sinkhorn(torch.cat([scores[i], past[i]]), epsilon=0.05, iterations=3)[:8]
        terms += [swav.swapped_prediction(s, q, 0.1) for j, s in enumerate(scores) if j != i]
    agree(torch.stack(terms).mean(), peers.SwaVLoss()(scores[:2], scores[2:], past))


def test_koleo_is_theirs_with_its_gradient() -> None:
    x = random(9, 4).requires_grad_()
    ours, theirs = koleo(x), peers.KoLeoLoss()(x)
    agree(ours, theirs, 1e-6)
    agree(gradient(ours, x), gradient(theirs, x), 1e-6)


@pytest.mark.parametrize("shrinkage", [0.0, 0.1])
def test_whitening_is_theirs(shrinkage: float) -> None:
    x = random(20, 4)
    theirs = peers.Whitening2d(4, track_running_stats=False, eps=shrinkage).double()
    agree(whiten(x, shrinkage), theirs(x))


def test_wmse_is_theirs_where_one_slice_is_the_batch() -> None:
    """Lightly draws its own order, which does not matter where a slice is the whole batch."""
    z = random(3, 16, 4)
    ours = wmse.whitened_mse(z, torch.arange(16)[:, None], 16, 0.0)
    criterion = peers.WMSELoss(embedding_dim=4, w_size=16, num_samples=3)
    agree(ours, criterion.double()(z.flatten(0, 1)))


def test_lejepa_is_theirs_on_the_papers_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lightly's default grid is the authors' minimal example's, 17 points on [0, 3]; ours is the paper's, 17
    on [-5, 5], which are 9 from 0 on. Its points and weights are float32, hence the tolerance."""
    full, crops, directions = random(2, 12, 6), random(4, 12, 6, seed=1), random(30, 6, seed=2)
    directions = F.normalize(directions, dim=-1)
    criterion = peers.LeJEPALoss(lambda_param=0.05, sigreg_knots=9, sigreg_t_max=5.0)
    monkeypatch.setattr(criterion.sigreg, "_generate_unit_vectors", lambda *given: directions.T)
    every = torch.cat([full, crops])
    sigreg = lejepa.sigreg(every, directions)
    agree(sigreg, criterion.sigreg(every), rel=1e-6)
    theirs = criterion(local_proj=crops, global_proj=full)
    agree(0.95 * lejepa.prediction(every, 2) + 0.05 * sigreg, theirs, rel=1e-6)


# Self-distillation


def test_byol_is_two_more_than_twice_their_negative_cosine() -> None:
    """BYOL's equation 2 is 2 - 2 cos; Lightly's example minimises -cos of either direction, halved."""
    one, other = (
        [random(6, 4, seed=i) for i in range(2)],
        [random(6, 4, seed=2 + i) for i in range(2)],
    )
    criterion = peers.NegativeCosineSimilarity()
    half = 0.5 * (criterion(one[0], other[1]) + criterion(one[1], other[0]))
    agree(mean_over_crossings(byol.regression, one, other), 4 + 4 * half)
    agree(byol.regression(one[0], other[0]), 2 + 2 * criterion(one[0], other[0]))


def test_simsiam_is_their_negative_cosine() -> None:
    p, z = random(6, 4).requires_grad_(), random(6, 4, seed=1)
    ours, theirs = simsiam.negative_cosine(p, z), peers.NegativeCosineSimilarity()(p, z)
    agree(ours, theirs)
    agree(gradient(ours, p), gradient(theirs, p))


def test_dino_is_theirs_with_small_crops_over_two_steps_and_so_is_the_centre() -> None:
    criterion = peers.DINOLoss(output_dim=6, teacher_temp=0.04, student_temp=0.1).double()
    centre = Centre(6).double()
    for step in range(2):
        t, s = random(2, 5, 6, seed=2 * step), random(5, 5, 6, seed=2 * step + 1)
        sharp = F.softmax((t - centre.value) / 0.04, dim=-1)
        theirs = criterion(list(t), list(s))
        agree(dino.distillation(sharp, s, 0.1), theirs, rel=1e-6)  # their temperature is a float32
        centre.follow(t.flatten(0, 1))
        agree(centre.value, criterion.center)


def test_ibot_is_theirs_on_hidden_patches() -> None:
    """Theirs is given hidden patches alone, ours all of them and the mask."""
    t, s = random(4, 9, 6), random(4, 9, 6, seed=1)
    hidden = random(4, 9, seed=2) > 0
    assert hidden.any(dim=1).all()
    criterion = peers.IBOTPatchLoss(output_dim=6, teacher_temp=0.04).double()
    theirs = criterion(t[hidden], s[hidden], hidden.view(4, 3, 3))
    agree(ibot.masked(F.softmax(t / 0.04, dim=-1), s, hidden, 0.1), theirs, rel=1e-6)


# Masked modelling


def test_patches_are_theirs_except_for_the_order_within_a_patch() -> None:
    """Ours are channel by channel, theirs pixel by pixel; a sum over a patch does not see it."""
    from lightly.models.utils import patchify

    pictures = random(2, 3, 8, 8)
    theirs = patchify(pictures, 4).unflatten(2, (4, 4, 3)).movedim(-1, 2).flatten(2)
    agree(patches(pictures, 4), theirs)


def test_normalised_targets_are_theirs() -> None:
    from lightly.models.utils import normalize_mean_var

    x = random(2, 5, 12)
    agree(levelled(x), normalize_mean_var(x))
