"""Do self-supervised methods gain more from a bigger encoder than supervised training?

T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A Simple Framework for Contrastive Learning of Visual
Representations", 2020, https://arxiv.org/abs/2002.05709, section 4.1 and figure 7, say so.

Each contestant and supervised training run with both encoders, otherwise by the same recipe. The gain is that
of linear accuracy; the question is by how much one's gain exceeds the other's.
"""

from collections.abc import Sequence
from statistics import fmean

from selftaught.comparison.studies.asking import speaks_of, with_encoder
from selftaught.comparison.studies.reading import Terms, finding
from selftaught.comparison.studies.study import Answer, Asked, Aspect, Row, Study, Values
from selftaught.measures import number

CEILING = 0.97
"""Accuracy of the small encoder above which there is little left to gain, and the answer says so."""


def gains(study: Study, asked: Asked, rows: Sequence[Row], chance: float) -> list[Answer]:
    """Each contestant's gain from the smaller to the larger encoder, against supervised training's."""
    (aspect,), (small, large) = study.aspects, asked.encoders

    def values(contestant: str, encoder: str) -> Values:
        return aspect.values(with_encoder(contestant, encoder), rows, chance)

    def gain(contestant: str) -> Terms:
        return [(1.0, values(contestant, large)), (-1.0, values(contestant, small))]

    findings = [
        finding(contestant, gain(contestant), gain(aspect.rival))
        for contestant in asked.contestants
        if speaks_of(contestant)
    ]
    before = [value for value in values(aspect.rival, small) if value is not None]
    remark = (
        f" Supervised training reaches {fmean(before):.1%} with {small} already and has little to gain."
        if before and fmean(before) > CEILING
        else ""
    )
    return [Answer(aspect, findings, f" from {small} to {large}", remark)]


STUDY = Study(
    claim="Self-supervised methods gain more from bigger encoders.",
    aspects=(
        Aspect(
            question="gains more than supervised training",
            number="points of linear accuracy gained",
            protocol="linear",
            read=lambda result, chance: number(result),
        ),
    ),
    reading=gains,
    encoders=("resnet_tiny", "resnet_small"),
)
