"""One tree of frozen models describes a run; recipes (YAML) and ``a.b=c`` overrides fill it in.

A method's own part is made from its constructor's signature (see ``catalogue``), so there is no second
place where parameters are listed. Everything here is checked without importing torch.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from selftaught import budget, catalogue
from selftaught.errors import Refusal, suggest
from selftaught.types import Count, Device, Fraction, NotNegative, Positive, Precision, Seed, Share


class Part(BaseModel):
    """A branch of the tree: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(Part):
    """Which pictures.

    Attributes:
        name: a built-in set, or the path of a folder.
        root: where the public sets lie; None looks at SELFTAUGHT_DATA, then at the user's cache folder.
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
        init: an ``encoder.safetensors`` or a run folder to start from; None starts from noise.
        stem: ``auto`` chooses by the size of the views.
        pool: what a ViT's features are, its ``class`` token or the ``mean`` of its patches' tokens.
    """

    name: str = "resnet18"
    init: str | None = None
    stem: Literal["auto", "small", "strided", "large"] = "auto"
    pool: Literal["class", "mean"] = "class"


class Views(Part):
    """What a picture goes through to become the views; None leaves the preset's own value.

    A pair gives the first and the second view different values; one number serves all views.

    Attributes:
        preset: ``auto`` takes what the method asks for, in the variant that suits the data.
        size: side of a view in pixels; None takes the data's.
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
        name: ``sgd``, ``adamw`` or ``lars``.
        rate: learning rate for a batch of 256; it is scaled with the batch.
        decay: weight decay; biases and normalisation are spared, unless ``decay_norms``.
        decay_norms: whether biases and the scales of normalisation decay as well, as in torch's own SGD.
        momentum: of SGD and LARS.
        betas: of AdamW.
        trust: LARS' trust coefficient.
        clip: whether LARS' local rate is clipped at the global one (the CIFAR recipes' LARC).
        warmup: share of the training that the rate's linear rise takes.
    """

    name: Literal["sgd", "adamw", "lars"] = "sgd"
    rate: Positive = 0.06
    decay: NotNegative = 5e-4
    decay_norms: bool = False
    momentum: Fraction = 0.9
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
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


# From words to the tree -----------------------------------------------------------------------

SHORT = {"data": "name", "encoder": "name", "optimiser": "name", "views": "preset"}
"""``encoder=resnet50`` is short for ``encoder.name=resnet50``."""


def parse(text: str) -> Any:
    """The value of an override as YAML reads it; ``25,0,1`` is the list ``[25, 0, 1]``."""
    try:
        value = yaml.safe_load(text)
        if isinstance(value, str) and "," in value:
            value = yaml.safe_load(f"[{value}]")
    except yaml.YAMLError:
        raise Refusal(
            f"'{text}' cannot be read as a value; write a number, a word or a,b,c."
        ) from None
    # YAML 1.1 reads 1e-4 as a word; everyone who writes it means a number.
    return _numbers(value)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def split_overrides(words: Iterable[str]) -> dict[str, Any]:
    """``["a.b=1", "c=2,3"]`` to ``{"a.b": 1, "c": [2, 3]}``."""
    overrides = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise Refusal(f"'{word}' is not an override; write key=value, for example batch=128.")
        overrides[key.strip()] = parse(value.strip())
    return overrides


def contestant(text: str) -> tuple[str, dict[str, Any]]:
    """``byol:momentum=0,0;epochs=20`` to the method's name and its overrides."""
    name, _, rest = text.partition(":")
    if not name.strip():
        raise Refusal(f"'{text}' names no method; write METHOD or METHOD:key=value;key=value.")
    return name.strip(), split_overrides(word for word in rest.split(";") if word.strip())


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


EVERY = "every-method"
"""The recipe of a data set that holds for all methods: one encoder and one budget, so that they compare."""

SAME = {"cifar100": "cifar10", "digits": "shapes"}
"""Data sets that are taught by another's recipes."""


def recipe(method: str, data: str, chosen: str | None = None) -> dict[str, Any]:
    """What all methods share on a data set, then what this one needs there.

    A set without recipes of its own (a folder of pictures) takes those of ``recipes/folder``.

    Args:
        chosen: recipes of another name (``cifar10-cpu``) or in a folder of the user's (``./my-recipes``).

    Raises:
        Refusal: there are no recipes of the chosen name; the sentence names the nearest.
    """
    root = resources.files("selftaught") / "recipes"
    if chosen is not None:
        folder = Path(chosen) if "/" in chosen else root / chosen
        if "/" in chosen and not folder.is_dir():
            raise Refusal(
                f"There is no folder of recipes {chosen}; give one that exists, or the name of one of the "
                "package's."
            )
        if not folder.is_dir():
            known = [each.name for each in root.iterdir() if each.is_dir()]
            raise Refusal(f"There are no recipes '{chosen}'; {suggest(chosen, sorted(known))}")
    else:
        folder = root / SAME.get(data, data)
        if not re.fullmatch(r"\w+", data) or not folder.is_dir():
            folder = root / "folder"
    found: dict[str, Any] = {}
    for name in (EVERY, method):
        file = folder / f"{name}.yaml"
        if file.is_file():
            found = _merged(found, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return found


def recipes_of(method: str) -> dict[str, dict[str, Any]]:
    """All recipes in the package that have a file for this method, by their folder."""
    root = resources.files("selftaught") / "recipes"
    folders = sorted(each.name for each in root.iterdir() if (each / f"{method}.yaml").is_file())
    return {name: recipe(method, name, name) for name in folders}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Branches are merged, leaves replaced."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _place(tree: dict[str, Any], key: str, value: Any, name: str) -> None:
    """Put one override where it belongs: a branch of the tree, or the method's own parameter."""
    own = catalogue.entry(name).parameters
    first, *rest = key.split(".")
    if first in own and not rest:
        tree["method"][first] = value
        return
    fields = run_model(name).model_fields
    if first not in fields:
        everything = [*own, *(f for f in fields if f not in ("method", "measured")), *_leaves(name)]
        raise Refusal(f"{name} has no key '{key}'; {suggest(key, everything)}")
    if not rest and first in SHORT and not isinstance(value, dict):
        rest = [SHORT[first]]
    branch: Any = tree
    for step in (first, *rest)[:-1]:
        branch = branch.setdefault(step, {})
        if not isinstance(branch, dict):
            raise Refusal(f"'{key}' goes deeper than the configuration does.")
    branch[(first, *rest)[-1]] = value


def _leaves(name: str) -> list[str]:
    """All dotted keys of a run."""
    found = []
    for key, field in run_model(name).model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, Part) and key != "measured":
            found += [f"{key}.{inner}" for inner in part.model_fields]
    return found


def _sentence(name: str, error: ValidationError) -> str:
    """The first thing that pydantic found wrong, as a sentence."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if not str(part).startswith("function-")]
    key = ".".join(path[1:] if path[:1] == ["method"] else path)
    if first["type"] == "extra_forbidden":
        return f"{name} has no key '{key}'; {suggest(key, [*catalogue.entry(name).parameters, *_leaves(name)])}"
    if first["type"] == "value_error":
        return f"{name}: {first['ctx']['error']}."
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"{name}: {key}={first['input']!r} cannot be used: {message}."


def resolve(name: str, *sources: Mapping[str, Any]) -> Run:
    """A method, the recipe for the data, then overrides in order, to a validated run.

    Args:
        name: the method.
        sources: dotted keys to values; later ones win. One of them must give ``data`` or ``data.name``.

    Raises:
        Refusal: an unknown method or key (with the nearest valid one), or a value out of range.
    """
    overrides: dict[str, Any] = {}
    for source in sources:
        overrides.update({key: value for key, value in source.items() if value is not None})
    data = overrides.get("data.name", overrides.get("data", "shapes"))
    model = run_model(name)
    blank = {"method": {}, "data": {"name": data}}
    chosen = overrides.get("recipe")
    tree = _merged(blank, recipe(name, str(data), None if chosen is None else str(chosen)))
    tree["method"]["name"] = name
    planned = tree.get("optimiser", {}).get("name")
    for key, value in overrides.items():
        _place(tree, key, value, name)
    if overrides.get("budget") is not None and "epochs" in overrides:
        raise Refusal(
            f"epochs={overrides['epochs']} and budget={overrides['budget']} both say how long to train; "
            "give one of them."
        )
    try:
        run = model.model_validate(tree)
    except ValidationError as error:
        raise Refusal(_sentence(name, error)) from None
    if planned not in (None, run.optimiser.name) and "optimiser.rate" not in overrides:
        raise Refusal(
            f"{name}: the recipe's rate was found for {planned} and does not suit "
            f"{run.optimiser.name}; give optimiser.rate=... as well."
        )
    return run


def of_tree(tree: dict[str, Any]) -> Run:
    """The run that a complete tree of settings says."""
    return run_model(tree["method"]["name"]).model_validate(tree)


def read(path: Path) -> Run:
    """A run that was written down (``run.yaml`` of a run folder).

    Raises:
        Refusal: the file is missing or was not written by this package.
    """
    try:
        return of_tree(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Refusal(f"{path.parent} is not a run folder: it has no {path.name}.") from None
    except (yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise Refusal(f"{path} cannot be read as a run: {str(error).splitlines()[0]}") from None


def write(run: Run, path: Path) -> None:
    """Write a run down as YAML."""
    path.write_text(yaml.safe_dump(run.model_dump(mode="json"), sort_keys=False), encoding="utf-8")


def differences(mine: Run, theirs: Run) -> list[str]:
    """Dotted keys whose values decide the result and differ, as ``key: theirs, now mine``."""
    a, b = _flatten(theirs.decisive()), _flatten(mine.decisive())
    return [
        f"{k}: {a.get(k)!r}, now {b.get(k)!r}" for k in sorted({*a, *b}) if a.get(k) != b.get(k)
    ]


def _flatten(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= (
            _flatten(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
        )
    return flat


def fingerprint(run: Run, *, beside: Run) -> str:
    """Eight letters for what a run changes against its plain recipe; empty when nothing."""
    changed = differences(run, beside.model_copy(update={"seed": run.seed}))
    if not changed:
        return ""
    return hashlib.sha256(json.dumps(changed).encode()).hexdigest()[:8]
