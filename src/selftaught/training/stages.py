"""What a run shows its method: how many views, by which laws, and of which sizes one after the other."""

from selftaught import catalogue, config
from selftaught.batch import Needs
from selftaught.data import Splits
from selftaught.encoders import Encoder, PatchEncoder
from selftaught.errors import Refusal
from selftaught.views.presets import View, resolve


def sides(run: config.Run, needs: Needs, encoder: Encoder, size: int) -> tuple[int, ...]:
    """Sides of the views in pixels, in equal shares of training.

    Raises:
        Refusal: the method or the encoder takes views of one size alone.
    """
    chosen = run.views.sides
    if chosen is None:
        return (size,)
    if needs.tokens and set(chosen) != {size}:
        raise Refusal(
            f"{run.method.name} hides patches of one grid, and views.sides={','.join(map(str, chosen))} would "
            f"change it; give views.size alone, which is {size}."
        )
    patch = encoder.patch if isinstance(encoder, PatchEncoder) else 1
    for side in chosen:
        if side % patch:
            near = max(round(side / patch), 1) * patch
            raise Refusal(
                f"views.sides has {side} px, which {run.encoder.name}'s patches of {patch} px do not divide; "
                f"give {near}."
            )
    return chosen


def shown(
    run: config.Run, needs: Needs, encoder: Encoder, splits: Splits, channels: int, size: int
) -> tuple[View, ...]:
    """The laws of the views that a run shows: what the method asks for, unless the configuration differs.

    Raises:
        Refusal: see ``how_many`` and ``views.presets.resolve``.
    """
    count, small = how_many(run, needs)
    return resolve(
        run.views,
        asked=needs.preset,
        preset=splits.preset,
        count=count,
        small=small,
        multiple=encoder.patch if isinstance(encoder, PatchEncoder) else 1,
        channels=channels,
        size=size,
    )


def how_many(run: config.Run, needs: Needs) -> tuple[int, int]:
    """How many full views and small crops a run shows.

    Raises:
        Refusal: the method does not take so many.
    """
    name = run.method.name
    count = run.views.count or needs.views
    if count < needs.views or (count > needs.views and not needs.more):
        wants = f"{needs.views} or more" if needs.more else f"exactly {needs.views}"
        raise Refusal(
            f"views.count={count} does not suit {name}, which takes {wants} views of each picture; "
            f"give views.count={needs.views}."
        )
    small = (needs.small or 0) if run.views.small is None else run.views.small
    if small and needs.small is None:
        entries = [catalogue.entry(each) for each in catalogue.names()]
        takers = [each.name for each in entries if each.needs.get("small") is not None]
        raise Refusal(
            f"{name} does not take small crops; give views.small=0, or choose a method that does: "
            f"{', '.join(takers)}."
        )
    return count, small
