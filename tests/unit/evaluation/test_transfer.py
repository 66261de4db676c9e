"""The same encoder on other pictures: what the probes would say there, and refused where it cannot be."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from selftaught import config
from selftaught.data import Splits, open_splits
from selftaught.data.channels import convert
from selftaught.data.resident import Resident
from selftaught.encoders import Encoder
from selftaught.errors import Refusal
from selftaught.evaluation import evaluate, knn, linear, transfer
from selftaught.views.engine import Views


@pytest.mark.parametrize("split", ["validation", "test"])
def test_it_is_the_probes_on_the_other_pictures_seen_as_the_encoder_sees(
    stripes: Splits, small: Encoder, split: str
) -> None:
    changes = {"transfer": {"data": "digits"}}
    found = evaluate(small, stripes, split=split, protocols=["transfer"], changes=changes)
    result = found.results["transfer"]
    digits = open_splits(config.Data(name="digits"))
    view = Views.clean(size=12, channels=3, levels=255, mean=(0.5,) * 3, std=(0.2,) * 3)

    def read(source: object) -> torch.Tensor:
        assert isinstance(source, Resident)
        pictures = convert(source.pictures, 3)
        return small(view.apply(pictures, view.plan(None, source.sizes))[0]).detach()

    asked = digits.test if split == "test" else digits.validation
    assert asked is not None
    train, held = read(digits.train), read(digits.validation)
    labels = digits.train.labels
    if split == "test":
        train, labels = torch.cat([train, held]), torch.cat([labels, digits.validation.labels])
    guesses = knn.classify(read(asked), train, labels, classes=10)
    expected = (guesses == asked.labels).double().mean()
    assert result.scores["knn_digits"] == pytest.approx(float(expected), abs=0.006)
    l2 = result.settings["by_data"]["digits"]["linear"]["l2"]
    probe = linear.fit(train, labels, classes=10, l2=l2)
    right = (probe.predict(read(asked)) == asked.labels).double().mean()
    assert result.value == result.scores["linear_digits"]
    assert result.value == pytest.approx(float(right), abs=0.006)
    assert result.value > 0.3


def test_the_mean_over_several_sets_and_folders(
    stripes: Splits, small: Encoder, labelled: Path
) -> None:
    changes = {"transfer": {"data": ("digits", str(labelled))}}
    result = evaluate(small, stripes, protocols=["transfer"], changes=changes).results["transfer"]
    both = [result.scores[f"linear_{name}"] for name in ("digits", labelled.name)]
    assert result.value == pytest.approx(sum(both) / 2)


def test_what_cannot_be_carried_out_is_said(
    stripes: Splits, small: Encoder, unlabelled: Path, tmp_path: Path
) -> None:
    def reason(data: object) -> str:
        said = transfer.suits(stripes, "validation", {"data": data})
        assert said is not None
        return said

    assert "name them, for example transfer.data=digits,cifar10" in reason("")
    assert "'digit' is neither" in reason("digit")
    assert "did you mean 'digits'" in reason(("digits", "digit"))
    assert "stripes is the set that the encoder was taught on" in reason("stripes")
    assert "needs labels" in reason(str(unlabelled))
    assert transfer.suits(stripes, "test", {"data": "digits"}) is None
    with pytest.raises(Refusal, match="The protocol transfer cannot be carried out here: it needs"):
        evaluate(small, stripes, protocols=["transfer"])
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        for i in range(8):
            page = Image.new("L", (12, 12), i)
            page.save(tmp_path / place / f"{i}.tif", save_all=True, append_images=[page])
    assert "have 2 channels and the encoder was taught on 3" in reason(str(tmp_path))
