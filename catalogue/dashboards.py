"""The dashboard of ChatDB's own: jobs, models and questions. All others are derived from the entries."""

from collections.abc import Iterator

from constructs_lib.dashboards.panels import Dashboard, Panel, Row, panel
from constructs_lib.dashboards.promql import age, increase, most, of, quantile, rate


def _jobs() -> Iterator[Panel]:
    oldest = age("training_jobs_oldest_timestamp_seconds", by="status")
    moves = increase("training_job_transitions_total", by="from_status, to_status")
    yield panel("Jobs that wait or run", "short", most("training_jobs", by="status"), "{{status}}")
    yield panel("Since the oldest was submitted", "s", oldest, "{{status}}")
    yield panel("Changes of status in 5 minutes", "short", moves, "{{from_status}} to {{to_status}}")
    yield panel("Wait for a worker, 95th percentile", "s", quantile(95, "training_job_wait_seconds"), "from the queue")
    seconds = quantile(95, "training_job_duration_seconds", by="status")
    yield panel("From submission to end, 95th percentile", "s", seconds, "{{status}}")
    smoke = increase("smoke_runs_total", by="status", within="1h")
    yield panel("Smoke runs in an hour", "short", smoke, "{{status}}")


def _training() -> Iterator[Panel]:
    ends = increase("training_duration_seconds_count", by="outcome")
    yield panel("Attempts by their end, in 5 minutes", "short", ends, "{{outcome}}")
    seconds = quantile(95, "training_duration_seconds", by="outcome")
    yield panel("An attempt, 95th percentile", "s", seconds, "{{outcome}}")
    ready = increase("model_versions_ready_total", by="service")
    yield panel("New versions in 5 minutes", "short", ready, "{{service}}")
    swept = increase("model_artifacts_swept_total", by="service", within="1d")
    yield panel("Orphans swept in a day", "short", swept, "{{service}}")


def _predictions() -> Iterator[Panel]:
    yield panel("Instances predicted", "ops", rate("predictions_total", by="service"), "{{service}}")
    yield panel("Refused", "reqps", rate("prediction_refusals_total", by="reason"), "{{reason}}")
    yield panel("Models in memory", "short", of("models_loaded"), "{{pod}}")
    yield panel("Size of their artifacts", "bytes", of("models_loaded_bytes"), "{{pod}}")


def _questions() -> Iterator[Panel]:
    yield panel("Questions", "reqps", rate("parser_question_duration_seconds_count", by="outcome"), "{{outcome}}")
    yield panel("Refused", "reqps", rate("parser_refusals_total", by="reason"), "{{reason}}")
    seconds = quantile(95, "parser_question_duration_seconds", by="outcome")
    yield panel("A question, 95th percentile", "s", seconds, "{{outcome}}")


JOBS = Dashboard(
    name="jobs",
    title="jobs, models and questions",
    rows=(
        Row("Jobs", tuple(_jobs())),
        Row("Training", tuple(_training())),
        Row("Predictions", tuple(_predictions())),
        Row("Questions", tuple(_questions())),
    ),
)
"""Jobs from the queue to the registered model, and what the models and the parser are asked."""
