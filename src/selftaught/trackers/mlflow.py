"""MLflow, in the store it would use itself: ``mlflow.db`` here, unless MLFLOW_TRACKING_URI says otherwise."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # MLflow tells of its use otherwise

import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from selftaught.trackers.tracker import About, Record, Tracker

MOST_METRICS, MOST_PARAMETERS = 1000, 100
"""That MLflow takes in one request."""

LONGEST = 500
"""Letters of a parameter's value."""


class Teller(Tracker):
    """A run of an MLflow experiment, which is named after the pictures."""

    def __init__(self, about: About, known: str | None) -> None:
        self.client = MlflowClient()
        self.where = f"MLflow: {mlflow.get_tracking_uri()}; to look: mlflow ui"
        self.identity = known or self._create(about)
        if known is not None:
            self.client.update_run(known, status="RUNNING")

    def _create(self, about: About) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", f"selftaught-{about.data}")
        experiment = self.client.get_experiment_by_name(name)
        number = (
            self.client.create_experiment(name) if experiment is None else experiment.experiment_id
        )
        tags = {"folder": str(about.folder.resolve()), "selftaught": about.identity}
        began = round(1000 * about.began)
        run = self.client.create_run(number, start_time=began, tags=tags, run_name=about.name)
        parameters = [Param(key, str(value)[:LONGEST]) for key, value in about.settings.items()]
        for some in _parts(parameters, MOST_PARAMETERS):
            self.client.log_batch(run.info.run_id, params=some)
        return str(run.info.run_id)

    def tell(self, records: Sequence[Record]) -> None:
        metrics = [
            Metric(name, value, round(1000 * record.at), record.step)
            for record in records
            for name, value in record.values.items()
        ]
        for some in _parts(metrics, MOST_METRICS):
            self.client.log_batch(self.identity, metrics=some)

    def conclude(self, words: dict[str, str]) -> None:
        tags = [RunTag(key, value) for key, value in words.items()]
        self.client.log_batch(self.identity, tags=tags)

    def close(self, *, ended: bool) -> None:
        if ended:
            self.client.set_terminated(self.identity)


def _parts(many: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(many), size):
        yield many[start : start + size]
