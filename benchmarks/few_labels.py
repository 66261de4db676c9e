"""Do the intervals of `selftaught rank` hold the truth? Labelled pictures whose labels are hidden, many sheets.

    python benchmarks/few_labels.py digits                  # classic features of 1,797 handwritten digits
    python benchmarks/few_labels.py runs/demo --sheets 60   # the encoders of a comparison, on 2,000 pictures

Sheets are drawn as `compare` draws them; their pictures are then given their hidden labels. The truth of a
contestant is the accuracy that as many labels give on average when they are drawn evenly, over twice as many
draws as sheets. Reported are: the bias of accuracies and of differences, weighted and not; how often 95 %
intervals of differences held the truth, those of `rank` and those of right and wrong alone (as if the
classifiers were given); how wide they are; and how many differences were claimed after Holm's correction, and
how many of these the wrong way round.
"""

import argparse
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from selftaught.comparison import bootstrap
from selftaught.comparison.few_labels import chances, ranking, readers
from selftaught.encoders import files
from selftaught.evaluation import extract
from selftaught.runs import RunFolder
from selftaught.training import prepare

MOST = 2000


def of_digits() -> tuple[dict[str, Tensor], Tensor]:
    """Five kinds of features, none of them learnt from labels."""
    pixels, labels = (torch.tensor(each) for each in load_digits(return_X_y=True))
    x = pixels.float() / 16
    torch.manual_seed(0)
    conv = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
    )
    picture = x.view(-1, 1, 8, 8)
    axes = torch.linalg.svd(x - x.mean(0), full_matrices=False)[2][:6]
    with torch.no_grad():
        return {
            "pixels": x,
            "six components": (x - x.mean(0)) @ axes.T,
            "random convolutions": conv(picture).flatten(1),
            "sums of rows and columns": torch.cat(
                [picture.sum(2).flatten(1), picture.sum(3).flatten(1)], 1
            ),
            "random rectified": torch.relu(x @ torch.randn(64, 128) / 3),
        }, labels


def of_comparison(directory: Path) -> tuple[dict[str, Tensor], Tensor]:
    """The first finished run of each contestant that sees no labels, on test pictures."""
    found: dict[str, Tensor] = {}
    for row in json.loads((directory / "comparison.json").read_text())["rows"]:
        if row["error"] or row["sees_labels"] or row["contestant"] in found:
            continue
        folder = RunFolder(directory / row["folder"])
        setup = prepare(folder.run)
        assert setup.splits.test is not None
        pictures = setup.splits.test.subset(torch.arange(min(MOST, len(setup.splits.test))))
        encoder, _ = files.read(folder.path / files.NAME)
        read = extract(encoder, pictures, setup.clean, device=torch.device("cpu"))
        found[row["contestant"]] = read.features
        labels = read.labels
    assert labels is not None
    return found, labels


def simulate(name: str, labels_each: int, sheets: int, reader_name: str) -> None:
    """Draw the sheets, and print what became of them."""
    features, labels = of_digits() if name == "digits" else of_comparison(Path(name))
    reader, p = readers.READERS[reader_name], len(labels)
    once = torch.ones(1, labels_each, dtype=torch.float64)
    pairs = list(combinations(range(len(features)), 2))

    def right(rows: Tensor, weights: Tensor) -> Tensor:
        every = [reader(each[rows], labels[rows], weights, once)[0] for each in features.values()]
        return torch.stack(every).double()

    def gaps(accuracies: Tensor) -> Tensor:
        return torch.stack([accuracies[..., a] - accuracies[..., b] for a, b in pairs], -1)

    even = []
    for seed in range(2 * sheets):
        rows = torch.from_numpy(np.random.default_rng(seed).choice(p, labels_each, replace=False))
        even.append(right(rows, once[0]).mean(1))
    truth, spread = torch.stack(even).mean(0), gaps(torch.stack(even)).std(0)
    print(f"{name}, {reader_name}, {labels_each} labels of {p} pictures, {sheets} sheets")
    print("truth:", ", ".join(f"{k} {v:.3f}" for k, v in zip(features, truth, strict=True)))

    scores = chances.disagreement({k: chances.unit(v) for k, v in features.items()})
    given = chances.chances(scores, labels_each)
    drawn = ranking.bootstraps(labels_each)
    raw, weighted, held, forgetful, widths = [], [], [], [], []
    claims = wrong = 0
    for seed in range(sheets):
        rows = chances.draw(given, seed=seed)
        weights = 1 / given[rows]
        raw.append(right(rows, once[0]).mean(1))
        reads = [
            ranking.read(reader, [each[rows]], labels[rows], weights, drawn)
            for each in features.values()
        ]
        weighted.append(torch.tensor([float(each.values[0]) for each in reads]))
        own, share = right(rows, weights), weights / weights.sum()
        found = [ranking.interval(weights, (1, reads[a]), (-1, reads[b])) for a, b in pairs]
        sure = bootstrap.holm([each.p for each in found])
        for (a, b), each, p_value, gap in zip(
            pairs, found, sure, gaps(truth).tolist(), strict=True
        ):
            held.append(each.low <= gap <= each.high)
            widths.append((each.high - each.low) / 2)
            apart = own[a] - own[b]
            mean = (share * apart).sum()
            deviation = float((share * (apart - mean)).square().sum().sqrt())
            forgetful.append(abs(float(mean) - gap) <= 1.98 * deviation)
            claims += p_value < ranking.SURE
            wrong += p_value < ranking.SURE and (each.gap > 0) != (gap > 0)
    for word, these in (("unweighted", torch.stack(raw)), ("weighted", torch.stack(weighted))):
        off = these.mean(0) - truth
        bias = (gaps(these).mean(0) - gaps(truth)).square().mean().sqrt()
        wide = (gaps(these).std(0) / spread).mean()
        print(
            f"{word}: bias {', '.join(f'{x:+.3f}' for x in off.tolist())}; of differences (root mean square) "
            f"{bias:.4f}; their deviation {wide:.2f} of that under even draws"
        )
    print(f"noise of these biases: about {spread.mean() / sheets**0.5:.4f}")
    print(
        f"intervals hold the truth: {np.mean(held):.3f}; as if classifiers were given: "
        f"{np.mean(forgetful):.3f}; half a width {np.median(widths):.3f}; "
        f"claims {claims} of {len(held)}, the wrong way round {wrong}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", help="digits, or a comparison of labelled pictures")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--sheets", type=int, default=100)
    parser.add_argument("--reader", choices=list(readers.READERS), default="linear")
    asked = parser.parse_args()
    simulate(asked.pictures, asked.labels, asked.sheets, asked.reader)
