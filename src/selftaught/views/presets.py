"""What the published recipes do to a picture, and which of them suits which data.

A method asks for one of seven manners; the data decide the variant:

- ``symmetric``: SimCLR (Chen et al., 2020, appendix A), strong colour on both views;
- ``asymmetric``: BYOL (Grill et al., 2020, table 6), blur and solarisation differ by view;
- ``weak``: MoCo v2 and SimSiam (Chen et al., 2020), half of SimCLR's colour;
- ``supervised``: crop and flip alone (He et al., 2016, section 3.4);
- ``vicreg``: VICReg (Bardes et al., 2022, appendix C.1);
- ``masked``: MAE (He et al., 2022, appendix A.1), crop and flip: what is hidden is variety enough;
- ``pretext``: a mild crop and a flip, near to those of RotNet and Jigsaw, which move a frame of one size:
  the picture must still hold what it is asked about.

``natural`` has the papers' ImageNet values, ``small`` those of solo-learn's CIFAR recipes without
blur, of which a kernel of three pixels leaves little.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from selftaught.config import Views as Config
from selftaught.errors import Refusal, suggest


@dataclass(frozen=True)
class View:
    """The laws from which one view is drawn; the default is the clean view of evaluation.

    Attributes:
        crop: smallest and largest share of the area; None takes the central square.
        ratio: smallest and largest width / height of a crop.
        flip: probability of a horizontal flip.
        jitter: strengths of brightness, contrast, saturation (a factor within 1 ± strength) and hue
            (a shift within ± strength turns, at most 1/2).
        jitter_probability, grayscale, blur, solarise: probabilities.
        sigma: smallest and largest width of the blur, in pixels of the view.
        size: side of the view in pixels; None is the side that all full views share.
    """

    crop: tuple[float, float] | None = None
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.0
    jitter: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    jitter_probability: float = 0.0
    grayscale: float = 0.0
    blur: float = 0.0
    sigma: tuple[float, float] = (0.1, 2.0)
    solarise: float = 0.0
    size: int | None = None


CLEAN = View()
NOT_OF_A_VIEW = {"preset", "size", "sides", "count", "small", "small_size", "small_crop"}
"""Keys of the configuration that say how many views and how large, not what happens in one."""

Pair = tuple[View, View]


def _both(view: View) -> Pair:
    return view, view


def _small(pair: Pair, crop: tuple[float, float], solarise: tuple[float, float]) -> Pair:
    first, second = pair
    return (
        replace(first, crop=crop, blur=0.0, solarise=solarise[0]),
        replace(second, crop=crop, blur=0.0, solarise=solarise[1]),
    )


STRONG, MILD, SOFT = (0.8, 0.8, 0.8, 0.2), (0.4, 0.4, 0.2, 0.1), (0.4, 0.4, 0.4, 0.1)
SIMCLR = View(
    crop=(0.08, 1.0), flip=0.5, jitter=STRONG, jitter_probability=0.8, grayscale=0.2, blur=0.5
)
BYOL = (
    replace(SIMCLR, jitter=MILD, blur=1.0),
    replace(SIMCLR, jitter=MILD, blur=0.1, solarise=0.2),
)
NATURAL: Mapping[str, Pair] = {
    "symmetric": _both(SIMCLR),
    "asymmetric": BYOL,
    "weak": _both(replace(SIMCLR, crop=(0.2, 1.0), jitter=SOFT)),
    "vicreg": BYOL,
    "supervised": _both(View(crop=(0.08, 1.0), flip=0.5)),
    "masked": _both(View(crop=(0.2, 1.0), flip=0.5)),
    "pretext": _both(View(crop=(0.5, 1.0), flip=0.5)),
}
SMALL: Mapping[str, Pair] = {
    "symmetric": _small(NATURAL["symmetric"], (0.08, 1.0), (0.0, 0.0)),
    "asymmetric": _small(NATURAL["asymmetric"], (0.08, 1.0), (0.0, 0.2)),
    "weak": _small(NATURAL["weak"], (0.08, 1.0), (0.0, 0.0)),
    # VICReg's authors have no CIFAR recipe; solo-learn's solarises both views.
    "vicreg": _small(_both(replace(SIMCLR, jitter=MILD)), (0.2, 1.0), (0.1, 0.1)),
    # The usual 32 px augmentation shifts by four pixels; a mild crop moves about as much.
    "supervised": _small(NATURAL["supervised"], (0.5, 1.0), (0.0, 0.0)),
    "masked": NATURAL["masked"],
    "pretext": NATURAL["pretext"],
}
# A mirrored 2 is no digit, a small crop of a 7 is a 1, and solarised ink is another figure.
DIGITS: Mapping[str, Pair] = {
    asked: _both(replace(first, crop=(0.4, 1.0), flip=0.0, blur=0.0, solarise=0.0))
    for asked, (first, _) in NATURAL.items()
}
# The outline is the class and the colours are noise: more is left of the one, less of the other.
# With SimCLR's hue (0.2) the colours can still be told, and they are learnt instead of the outline.
ANY_COLOUR = (0.8, 0.8, 0.8, 0.5)
SHAPES: Mapping[str, Pair] = {
    asked: (
        replace(first, crop=(0.35, 1.0), jitter=ANY_COLOUR, jitter_probability=1.0),
        replace(second, crop=(0.35, 1.0), jitter=ANY_COLOUR, jitter_probability=1.0),
    )
    for asked, (first, second) in SMALL.items()
} | {
    "supervised": SMALL["supervised"],
    "masked": _both(replace(SMALL["masked"][0], crop=(0.35, 1.0))),
    "pretext": SMALL["pretext"],
}
VARIANTS = {"natural": NATURAL, "small": SMALL, "digits": DIGITS, "shapes": SHAPES}


SMALL_SHARE = 3 / 7
"""Side of a small crop, as a share of the full side: 96 px beside 224 (Caron et al., 2020, section 4.1)."""


def resolve(
    config: Config,
    *,
    asked: str,
    preset: str,
    count: int,
    channels: int,
    size: int,
    small: int = 0,
    multiple: int = 1,
) -> tuple[View, ...]:
    """The views that a run shows: the preset, with what the configuration says otherwise.

    Args:
        config: its ``preset``, unless "auto", replaces ``asked``; its other fields replace values.
        asked: the manner that the method asks for.
        preset: the variant that suits the data.
        count: how many views; the first and the second alternate.
        channels: of the pictures. Other than three, they have no hue, saturation or grayscale.
        size: side of the views in pixels.
        small: how many small crops follow the full views.
        multiple: what the side of a small crop must be a multiple of (a ViT's patch).

    Raises:
        Refusal: for an unknown manner or variant, or laws from which nothing can be drawn.
    """
    manner = asked if config.preset == "auto" else config.preset
    if preset not in VARIANTS:
        raise Refusal(
            f"no views are known for data of kind '{preset}'; {suggest(preset, VARIANTS)}"
        )
    if manner not in VARIANTS[preset]:
        choices = [*VARIANTS[preset], "auto"]
        raise Refusal(f"views.preset='{manner}' is not known; {suggest(manner, choices)}")
    pair = [
        _suit(_configured(view, config, place), channels, size)
        for place, view in enumerate(VARIANTS[preset][manner])
    ]
    full = tuple(pair[place % 2] for place in range(count))
    if not small:
        return full
    side = small_side(config, size, multiple)
    crop = _checked("small_crop", config.small_crop)
    first, second = pair
    # One law for all, as SwAV's, DINO's and iBOT's authors have it: blurred as often as the full views are on
    # average (DINO's 0.5 stands between 1 and 0.1), never solarised.
    blur = (first.blur + second.blur) / 2
    law = _suit(replace(first, crop=crop, size=side, blur=blur, solarise=0.0), channels, side)
    return full + (law,) * small


def small_side(config: Config, size: int, multiple: int) -> int:
    """Side of a small crop in pixels.

    Raises:
        Refusal: it is not smaller than a full view, or no multiple of ``multiple``.
    """
    nearest = max(round(size * SMALL_SHARE / multiple), 1) * multiple
    side = config.small_size or nearest
    if side >= size or side % multiple:
        parts = f" and a multiple of the encoder's {multiple} px patches" if multiple > 1 else ""
        raise Refusal(
            f"views.small_size={side} does not suit views of {size} px; "
            f"give a side below {size}{parts}, such as {nearest}"
        )
    return side


def _checked(key: str, crop: tuple[float, float]) -> tuple[float, float]:
    """A range of areas.

    Raises:
        Refusal: it is none.
    """
    if not 0 < crop[0] <= crop[1]:
        raise Refusal(
            f"views.{key}={crop[0]:g},{crop[1]:g} is no range of areas; "
            "give the smallest share, above 0, and then the largest, such as 0.08,1"
        )
    return crop


def _configured(view: View, config: Config, place: int) -> View:
    """``view`` with the configuration's values for the first (0) or second (1) view."""
    crop, jitter = config.crop, config.jitter
    if crop is not None:
        _checked("crop", crop)
    if jitter is not None and not 0 <= jitter[3] <= 0.5:
        raise Refusal(
            f"views.jitter has a hue of {jitter[3]:g}; "
            "the fourth strength is in turns of the colour circle, from 0 to 0.5"
        )
    given = {
        name: value[place] if name in {"blur", "solarise"} and isinstance(value, tuple) else value
        for name, value in config
        if name not in NOT_OF_A_VIEW and value is not None
    }
    return replace(view, **given)


def _suit(view: View, channels: int, size: int) -> View:
    """``view`` without the operations that do not exist for such pictures."""
    if channels != 3:
        brightness, contrast, _, _ = view.jitter
        view = replace(view, jitter=(brightness, contrast, 0.0, 0.0), grayscale=0.0)
    # The kernel is a tenth of the side: below 20 pixels it is one pixel wide, which blurs nothing.
    return view if size >= 20 else replace(view, blur=0.0)
