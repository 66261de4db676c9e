"""Do self-supervised encoders do with fewer and falser labels than supervised training, and are they fairer?

Few labels: T. Chen et al., "Big Self-Supervised Models are Strong Semi-Supervised Learners", 2020,
https://arxiv.org/abs/2006.10029, section 4. False labels: Y. Xue, K. Whitecross and B. Mirzasoleiman,
"Investigating Why Contrastive Learning Benefits Robustness against Label Noise", 2022,
https://arxiv.org/abs/2201.12498. Fairness: P. Goyal et al., "Vision Models Are More Robust and Fair When
Pretrained on Uncurated Images Without Supervision", 2022, https://arxiv.org/abs/2202.08360.

Supervised training must not have seen what is withheld. With few labels the rival is the same network
fine-tuned on them from random weights. Under false labels the rival's network is taught with labels of which
as many were replaced, and both probes learn from such labels; what is kept is counted from the accuracy with
right labels, in the rival's case that of the network that was taught with right ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from selftaught.comparison.studies.reading import against_rivals
from selftaught.comparison.studies.study import Aspect, Row, Study, Values, above_chance

NOISE = 40
"""Percent of the labels that are replaced."""

RIVAL = f"supervised:noise={NOISE / 100:g}"


def false_labels(protocol: str) -> Aspect:
    """Robustness to false labels, read from ``label_noise`` or from ``robustness``, which holds the same."""

    def kept(result: Mapping[str, Any], chance: float) -> float | None:
        right, false = (result.get(f"label_noise_{n}_accuracy") for n in (0, NOISE))
        return None if right is None or false is None else above_chance(false, right, chance)

    def theirs(rows: Sequence[Row], chance: float) -> Values:
        """Each seed's network that was lied to, beside the one of the same seed that was not."""
        results = {
            (row["contestant"], row["seed"]): row["results"][protocol]
            for row in rows
            if row["error"] is None and protocol in row["results"]
        }
        return [
            kept(
                {
                    "label_noise_0_accuracy": results["supervised", seed].get(
                        "label_noise_0_accuracy"
                    ),
                    f"label_noise_{NOISE}_accuracy": result.get(f"label_noise_{NOISE}_accuracy"),
                },
                chance,
            )
            for (contestant, seed), result in results.items()
            if contestant == RIVAL and ("supervised", seed) in results
        ]

    return Aspect(
        question=f"more robust to {NOISE} % false labels than supervised training",
        number="% of the accuracy above chance that is kept",
        protocol=protocol,
        read=kept,
        rival=RIVAL,
        theirs=theirs,
    )


def few_labels(percent: int) -> Aspect:
    """Accuracy after fine-tuning on a share of the labels, against doing so from random weights."""

    def accuracy(result: Mapping[str, Any], chance: float) -> float | None:
        found: float | None = result.get(f"accuracy_at_{percent}_percent")
        return found

    return Aspect(
        question=f"better than training from scratch with {percent} % of the labels",
        number="% of accuracy after fine-tuning",
        protocol="finetune",
        read=accuracy,
        rival="untrained",
    )


def fair(result: Mapping[str, Any], chance: float) -> float | None:
    """The accuracy on the worst class, as a share of that on all pictures."""
    return result["worst_class_accuracy"] / result["accuracy"] if result["accuracy"] else None


STUDY = Study(
    claim="Self-supervised encoders do with fewer and falser labels, and are fairer.",
    aspects=(
        few_labels(1),
        few_labels(10),
        false_labels("label_noise"),
        Aspect(
            question="fairer to the worst class than supervised training",
            number="its accuracy, in % of that on all pictures",
            protocol="fairness",
            read=fair,
        ),
    ),
    reading=against_rivals,
    rivals=("untrained", "supervised", RIVAL),
    changes={"finetune": {"fractions": (0.01, 0.1)}},
)
