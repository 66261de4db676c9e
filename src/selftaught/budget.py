"""How much a training may cost, in words: ``30m`` of its own time, or ``5Mpictures`` seen."""

import re
from dataclasses import dataclass

TIMES = {"s": 1, "m": 60, "min": 60, "h": 3600}
COUNTS = {"": 1, "k": 1_000, "M": 1_000_000}

FORM = r"(?P<amount>\d+(?:\.\d+)?)\s*(?:(?P<time>s|m|min|h)|(?P<count>|k|M)\s*pictures?)"

EXAMPLES = "30m, 200s, 2h, 500kpictures or 5Mpictures"


@dataclass(frozen=True)
class Budget:
    """Seconds of training (looks and probes are not counted), or pictures seen; the other is None.

    A picture counts once a step, however many views are made of it.
    """

    seconds: float | None = None
    pictures: int | None = None

    @property
    def written(self) -> str:
        """For a sentence."""
        if self.pictures is not None:
            return f"{self.pictures:,} pictures"
        seconds = self.seconds or 0.0
        size, unit = next(
            (size, unit)
            for size, unit in ((3600, "h"), (60, "min"), (1, "s"))
            if seconds >= size or size == 1
        )
        return f"{seconds / size:.4g} {unit} of training"


def parse(text: str) -> Budget:
    """Read a budget.

    Raises:
        ValueError: it is none; the sentence says what one looks like.
    """
    found = re.fullmatch(FORM, str(text).strip())
    if found and found["time"] and float(found["amount"]) > 0:
        return Budget(seconds=float(found["amount"]) * TIMES[found["time"]])
    if found and found["count"] is not None:
        pictures = round(float(found["amount"]) * COUNTS[found["count"]])
        if pictures > 0:
            return Budget(pictures=pictures)
    raise ValueError(f"'{text}' is no budget; write a time or a number of pictures: {EXAMPLES}")
