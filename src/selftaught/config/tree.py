"""The tree of frozen models that describes a run.

A method's own part is made from its constructor's signature (see ``catalogue``), so there is no second
place where parameters are listed.
"""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from selftaught import budget, catalogue
from selftaught.types import (
    Count,
    Counts,
    Device,
    Fraction,
    NotNegative,
    Positive,
    Precision,
    Seed,
    Share,
)


class Part(BaseModel):
    """A branch of the tree: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Part):
    """Which pictures.

    Attributes:
        name: a built-in set, or the path of a folder.
        root: where the public sets lie, and the drawn one is kept; None looks at SELFTAUGHT_DATA, then at the
            user's cache folder.
        take: use only this many training pictures, drawn evenly over the classes; None takes all.
        validation: share of the training pictures that is held back for every choice.
        labels: a CSV (columns ``file``, ``label``, ``group``) for a folder; None reads sub-folders.
        workers: processes that decode pictures too many for memory; None chooses by the machine.
        max_bad: share of unreadable files above which a folder is refused.
    """

    name: str
    root: str | None = None
    take: Count | None = None
    validation: Fraction = 0.1
    labels: str | None = None
    workers: int | None = Field(default=None, ge=0)
    max_bad: Fraction = 0.05


class Encoder(Part):
    """Which network.

    Attributes:
        name: ``resnet18``, ``resnet_small``, ``vit_tiny``, ``timm:NAME`` ...
        init: an ``encoder.safetensors`` or a run folder to start from; for ``timm:NAME`` also ``pretrained``,
            the weights that timm publishes (from this disk), or a file of them; None starts from noise.
        stem: ``auto`` chooses by the size of the views.
        patch: side of a ViT's patches in pixels; None chooses by the size of the views.
        positions: of a ViT's patches, ``learnt`` or ``fixed`` sines and cosines.
        pool: what a ViT's features are, its ``class`` token or the ``mean`` of its patches' tokens.
    """

    name: str = "resnet18"
    init: str | None = None
    stem: Literal["auto", "small", "strided", "large"] = "auto"
    patch: Count | None = None
    positions: Literal["learnt", "fixed"] = "learnt"
    pool: Literal["class", "mean"] = "class"


class Views(Part):
    """What a picture goes through to become the views; None leaves the preset's own value.

    A pair gives the first and the second view different values; one number serves all views.

    Attributes:
        preset: ``auto`` takes what the method asks for, in the variant that suits the data.
        size: side of a view in pixels, and of the pictures that are judged; None takes the data's.
        sides: sides of the views in equal shares of training, one after the other, where they are not ``size``:
            ``16,24,32`` begins with small ones. Pictures are judged at ``size`` all the same.
        count: how many views of each picture; None takes what the method asks for.
        small: how many small crops beside them, for methods that take them (multi-crop).
        small_size: side of a small crop in pixels; None takes three sevenths of a view's.
        small_crop: smallest and largest share of the area that a small crop takes.
        crop: smallest and largest share of the area that a crop takes.
        flip: probability of a horizontal flip.
        jitter: strengths of brightness, contrast, saturation and hue.
        jitter_probability, grayscale, blur, solarise: probabilities.
    """

    preset: str = "auto"
    size: Count | None = None
    sides: Counts | None = None
    count: Count | None = None
    small: int | None = Field(default=None, ge=0)
    small_size: Count | None = None
    small_crop: tuple[Fraction, Fraction] = (0.05, 0.4)
    crop: tuple[Fraction, Fraction] | None = None
    flip: Fraction | None = None
    jitter: tuple[NotNegative, NotNegative, NotNegative, float] | None = None
    jitter_probability: Fraction | None = None
    grayscale: Fraction | None = None
    blur: Fraction | tuple[Fraction, Fraction] | None = None
    solarise: Fraction | tuple[Fraction, Fraction] | None = None


class Optimiser(Part):
    """How the weights move.

    Attributes:
        name: ``sgd``, ``adamw``, ``lars`` or ``muon``.
        rate: learning rate for a batch of 256; it is scaled with the batch.
        decay: weight decay; biases and normalisation are spared, unless ``decay_norms``.
        decay_norms: whether biases and the scales of normalisation decay as well, as in torch's own SGD.
        momentum: of SGD, LARS and Muon.
        betas: of AdamW, also where Muon leaves biases, norms and what is no matrix to it.
        trust: LARS' trust coefficient.
        clip: whether LARS' local rate is clipped at the global one (the CIFAR recipes' LARC).
        warmup: share of the training that the rate's linear rise takes.
    """

    name: Literal["sgd", "adamw", "lars", "muon"] = "sgd"
    rate: Positive = 0.06
    decay: NotNegative = 5e-4
    decay_norms: bool = False
    momentum: Share = 0.9
    betas: tuple[Share, Share] = (0.9, 0.999)
    trust: Positive = 0.001
    clip: bool = False
    warmup: Share = 0.0


class Monitor(Part):
    """What is watched during training.

    Attributes:
        every: epochs between two looks (online kNN, effective rank); the last step is always looked at.
        pictures: how many training pictures the online kNN remembers.
        stop_on_collapse: whether training ends at the look that shows a collapse.
        keep: whether the encoder of each look is kept, under ``encoders/``.
    """

    every: Count = 5
    pictures: Count = 4000
    stop_on_collapse: bool = False
    keep: bool = False


class Method(Part):
    """A method's name; its parameters are added from its constructor's signature."""

    name: str


class Measured(Part):
    """The result that stands behind a recipe: said in the recipe, never used to compute one.

    Attributes:
        linear, knn: accuracy on ``split``, the mean over ``seeds``.
        seconds: of training one seed on ``machine``; the estimate before a run comes from it.
        epochs: passes that this took; None is the recipe's own number.
        trials: how many settings were tried on validation before this one was kept.
    """

    linear: Fraction | None = None
    knn: Fraction | None = None
    split: str = "test"
    seeds: int = 1
    seconds: Positive | None = None
    epochs: Count | None = None
    machine: str = ""
    trials: Count | None = None


def _a_budget(text: str) -> str:
    budget.parse(text)
    return "".join(text.split())


class Run(Part):
    """Everything that decides a run's result, and where it happens.

    Attributes:
        recipe: whose recipes are the starting point; None takes the data set's own.
        final: pretrain on the validation pictures too (without their labels), for a result on test.
        device, precision, compile, threads: settings of the machine, not of the method.
        epochs: passes over the pretraining pictures.
        budget: instead of epochs, how much training may cost: ``30m`` of time, or ``5Mpictures``.
        batch: pictures in a step.
    """

    method: Method
    data: Data
    recipe: str | None = None
    encoder: Encoder = Encoder()
    views: Views = Views()
    optimiser: Optimiser = Optimiser()
    monitor: Monitor = Monitor()
    epochs: Count = 100
    budget: Annotated[str, AfterValidator(_a_budget)] | None = None
    batch: Count = 256
    seed: Seed = 0
    final: bool = False
    device: Device = "auto"
    precision: Precision = "auto"
    compile: bool | None = None
    threads: Count | None = None
    measured: Measured = Measured()

    def parameters(self) -> dict[str, Any]:
        """The method's keyword arguments, validated."""
        return {k: getattr(self.method, k) for k in type(self.method).model_fields if k != "name"}

    def decisive(self) -> dict[str, Any]:
        """What two runs must share to be one run: everything but the machine and the recipe's claim."""
        machine: dict[str, Any] = {
            "measured": True,
            "threads": True,
            "device": True,
            "data": {"root", "workers"},
        }
        return self.model_dump(mode="json", exclude=machine)

    def __reduce__(self) -> Any:
        # The class is made from the method's constructor and has no name to be found by.
        return of_tree, (self.model_dump(mode="json"),)


@cache
def run_model(name: str) -> type[Run]:
    """`Run` with the parameters of one method in it.

    Raises:
        Refusal: no such method.
    """
    method = catalogue.entry(name)
    fields: dict[str, Any] = {
        key: (parameter.annotation, parameter.default)
        for key, parameter in method.parameters.items()
    }
    part = create_model("Parameters", __base__=Method, name=(str, name), **fields)
    return create_model("Run", __base__=Run, method=(part, ...))


def of_tree(tree: dict[str, Any]) -> Run:
    """The run that a complete tree of settings says."""
    return run_model(tree["method"]["name"]).model_validate(tree)
