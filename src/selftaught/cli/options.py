"""What several commands take: each option with its meaning, once, and what was given of them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from selftaught.errors import Refusal, suggest

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="Any key of the configuration: batch=128 optimiser.rate=0.3; `selftaught methods NAME` lists "
        "the method's own."
    ),
]
Data = Annotated[
    str,
    typer.Option(
        help="A built-in set (shapes, digits, cifar10, cifar100, stl10, imagenet) or a folder of pictures."
    ),
]
DataRoot = Annotated[
    str | None,
    typer.Option(
        envvar="SELFTAUGHT_DATA",
        help="Where public sets lie or are downloaded to, and shapes are kept.",
    ),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        help="Recipes other than the data's own: a name (cifar10-cpu) or a folder of yours."
    ),
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the pictures; the recipe's otherwise.")
]
BudgetText = Annotated[
    str | None,
    typer.Option("--budget", help="Instead of --epochs: 30m or 2h of training, or 5Mpictures."),
]
StopOnCollapse = Annotated[
    bool,
    typer.Option(
        "--stop-on-collapse",
        help="Stop as soon as the monitor, which looks every monitor.every epochs, shows a collapse.",
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        help="resnet_tiny, resnet_small, resnet18 to resnet101, vit_micro to vit_base, or timm:NAME (random "
        "weights unless encoder.init=pretrained); the recipe's otherwise."
    ),
]
DeviceName = Annotated[
    str | None, typer.Option(help="auto (CUDA, else MPS, else the CPU), cpu, cuda or mps.")
]
Log = Annotated[
    str | None,
    typer.Option(
        "--log",
        help="Also tell tensorboard, wandb or mlflow, separated by commas; on this machine alone, "
        "unless WANDB_MODE or MLFLOW_TRACKING_URI say otherwise.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Move what is there aside and begin anew.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")]
SplitName = Annotated[str, typer.Option(help="validation is for choices; test is for the result.")]
Protocols = Annotated[
    str, typer.Option(help="From `selftaught protocols`, separated by commas; or all.")
]


def listed(text: str) -> list[str]:
    """Names that commas separate, with or without blanks."""
    return [name for each in text.split(",") if (name := each.strip())]


def split_named(name: str) -> Any:
    if name not in ("validation", "test"):
        raise Refusal(f"There is no split '{name}'; {suggest(name, ['validation', 'test'])}")
    return name


def given_options(
    overrides: list[str] | None,
    *,
    data_root: str | None,
    recipe: str | None,
    epochs: int | None,
    encoder: str | None,
    device: str | None,
    budget: str | None = None,
    stop_on_collapse: bool = False,
) -> dict[str, Any]:
    from selftaught import config

    options = {
        "data.root": data_root,
        "recipe": recipe,
        "epochs": epochs,
        "budget": budget,
        "encoder": encoder,
        "device": device,
        "monitor.stop_on_collapse": stop_on_collapse or None,
    }
    given = {key: value for key, value in options.items() if value is not None}
    return given | config.split_overrides(overrides or [])


def keys_of(given: Mapping[str, Any], call: Callable[..., Any], *both: str) -> dict[str, Any]:
    """The overrides again, for ``call`` to be given beside its own arguments.

    Args:
        both: arguments of its own that are keys of the configuration as well.

    Raises:
        Refusal: one of them is the name of another of its arguments: an option of the command, at most.
    """
    taken = set(inspect.signature(call).parameters) - {"overrides", *both}
    for key in given:
        if key in taken:
            option = key.replace("_", "-")
            raise Refusal(
                f"'{key}' is no key of the configuration; where it is an option, give it as --{option}."
            )
    return dict(given)
