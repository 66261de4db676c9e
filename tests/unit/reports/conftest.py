"""The made-up comparison is shared with the page tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "page"))
