"""A comparison that is under way: the made-up one, put down run by run and line by line."""

import json
import shutil
from pathlib import Path


class Growing:
    """A directory that fills as if a comparison were writing it.

    Args:
        whole: the finished one, as ``write_example`` lays it out.
        directory: what grows.
    """

    def __init__(self, whole: Path, directory: Path) -> None:
        self.whole, self.directory = whole, directory
        self.facts = json.loads((whole / "comparison.json").read_text())
        self.rows = {row["folder"]: row for row in self.facts["rows"]}
        directory.mkdir()

    def plan(self) -> None:
        """What is written before the first run."""
        known = ("contestant", "method", "family", "seed", "folder", "sees_labels")
        empty = [{key: row[key] for key in known} | {"results": {}} for row in self.rows.values()]
        plan = self.facts | {"rows": empty, "summary": [], "claims": []}
        plan |= {"jobs": 1, "protocols": {"knn": {}, "linear": {}}}
        (self.directory / "plan.json").write_text(json.dumps(plan))

    def train(self, folder: str, share: float) -> None:
        """A run up to a share of its lines."""
        place = self.directory / folder
        place.mkdir(parents=True, exist_ok=True)
        for path in (self.whole / folder).iterdir():
            if path.name not in ("metrics.jsonl", "atlas.npz"):
                shutil.copy(path, place / path.name)
        lines = (self.whole / folder / "metrics.jsonl").read_text().splitlines()[:-1]
        kept = [json.loads(line) for line in lines]
        last = {"progress": 0.0}
        for line in kept:  # looks of the example do not say how far they are
            last = line if "progress" in line else line | {"progress": last["progress"]}
            line["progress"] = last["progress"]
        told = [json.dumps(line) for line in kept if line["progress"] <= share]
        (place / "metrics.jsonl").write_text("".join(f"{line}\n" for line in told))

    def finish(self, *folders: str) -> None:
        """Runs with their results, and the rows that the comparison writes of them."""
        for folder in folders:
            row = self.rows[folder]
            if (self.whole / folder / "metrics.jsonl").is_file():
                self.train(folder, 1.0)
            else:
                shutil.copytree(self.whole / folder, self.directory / folder)
            results = {key: row[key] for key in ("seconds", "verdict", "verdict_text")}
            results["test"] = row["results"]
            (self.directory / folder / "results.json").write_text(json.dumps(results))

    def record(self, *folders: str) -> None:
        """comparison.json with the rows of some runs."""
        rows = [self.rows[folder] for folder in folders]
        (self.directory / "comparison.json").write_text(json.dumps(self.facts | {"rows": rows}))
