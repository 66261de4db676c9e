"""What a method would be given of these pictures, and why: asked of the very setup that training makes."""

from dataclasses import asdict
from typing import Any

from selftaught.catalogue import entry
from selftaught.data.statistics import SIZES
from selftaught.methods import Method
from selftaught.training import Setup
from selftaught.views.presets import View


def choices(setup: Setup) -> dict[str, Any]:
    """Encoder, stem, views and length of a run, with the reasons in sentences, as JSON."""
    run, splits = setup.run, setup.splits
    assert isinstance(setup.model, Method)
    manner = run.views.preset if run.views.preset != "auto" else setup.model.needs.preset
    recipe = setup.encoder.recipe
    parameters = sum(each.numel() for each in setup.encoder.parameters())
    return {
        "method": run.method.name,
        "recipe": run.recipe,
        "encoder": {**recipe, "parameters": parameters, "dim": setup.encoder.dim},
        "size": setup.views.size,
        "manner": manner,
        "variant": splits.preset,
        "views": [
            asdict(view) | {"size": view.size or setup.views.size} for view in setup.views.views
        ],
        "batch": run.batch,
        "epochs": run.epochs,
        "steps": setup.steps,
        "pictures": len(setup.source),
        "reasons": reasons(setup, manner),
    }


def reasons(setup: Setup, manner: str) -> list[str]:
    """Why the views are of this size and kind, and why the encoder begins as it does."""
    run, splits = setup.run, setup.splits
    short = int(setup.source.sizes.min(dim=1).values.median())
    size, stem = setup.views.size, setup.encoder.recipe.get("stem")
    sentences = []
    if run.views.size is not None:
        sentences.append(f"Views of {size} px, because views.size says so.")
    elif splits.size == size:
        limit = next((str(most) for most, side in SIZES if side == size), None)
        rule = f"views of {size} px are for short sides up to {limit} px" if limit else ""
        sentences.append(
            f"Views of {size} px: the median short side is {short} px"
            + (f", and {rule}." if rule and short <= int(limit or 0) else ".")
        )
    written = entry(run.method.name).written
    sentences.append(
        f"Views of the manner '{manner}'"
        + (
            f", which {written} asks for"
            if run.views.preset == "auto"
            else ", as views.preset says"
        )
        + f", in the variant '{splits.preset}' that suits these pictures: {described(setup.views.views[0])}."
    )
    if stem is not None:
        chosen = (
            "chosen by the size of the views"
            if run.encoder.stem == "auto"
            else "as encoder.stem says"
        )
        sentences.append(f"{run.encoder.name} begins with the '{stem}' stem, {chosen}.")
    return sentences


def described(view: View) -> str:
    """What happens in a view, in words."""
    words = []
    if view.crop:
        words.append(f"crops of {view.crop[0]:.0%} to {view.crop[1]:.0%} of the area")
    words.append(f"mirrored {view.flip:.0%}" if view.flip else "never mirrored")
    if view.jitter_probability and any(view.jitter):
        strengths = ", ".join(f"{strength:g}" for strength in view.jitter)
        words.append(f"colour jitter ({strengths}) {view.jitter_probability:.0%}")
    for name in ("grayscale", "blur", "solarise"):
        probability = getattr(view, name)
        if probability:
            words.append(f"{name} {probability:.0%}")
    return ", ".join(words)
