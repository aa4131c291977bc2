"""What Prometheus is told of jobs; ids and names of models are no labels."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from training_orchestrator.domain import TERMINAL, Change, Job, Status

BUCKETS = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
ACTIVE = (Status.QUEUED, Status.RUNNING)
JOBS = Gauge("training_jobs", "Jobs that wait or run, as the last look found", ["status"])
OLDEST = Gauge(
    "training_jobs_oldest_timestamp_seconds", "When the oldest of them was submitted; 0 without any", ["status"]
)
TRANSITIONS = Counter("training_job_transitions_total", "Changes of jobs' status", ["from_status", "to_status"])
WAIT_SECONDS = Histogram("training_job_wait_seconds", "From the queue to a worker", buckets=BUCKETS)
SECONDS = Histogram(
    "training_job_duration_seconds", "From the submission to the end, by the end", ["status"], buckets=BUCKETS
)
LEGAL = (
    ("none", Status.QUEUED),
    (Status.QUEUED, Status.RUNNING),
    (Status.QUEUED, Status.CANCELLED),
    (Status.RUNNING, Status.QUEUED),
    *((Status.RUNNING, end) for end in sorted(TERMINAL)),
)
# Zeros from the start: an alert on the first one needs them.
for pair in LEGAL:
    TRANSITIONS.labels(*pair)
for end in TERMINAL:
    SECONDS.labels(end)


def note_active(by_status: Mapping[Status, tuple[int, float]]) -> None:
    """How many jobs there are of each status that is not the end, and the oldest one's time."""
    for status in ACTIVE:
        number, oldest = by_status.get(status, (0, 0.0))
        JOBS.labels(status).set(number)
        OLDEST.labels(status).set(oldest)


def note_change(before: Job | None, change: Change) -> None:
    """A change that is committed; without `before` the job is new, and without a transition its status stays."""
    job, transition = change.job, change.transition
    if transition is None:
        return
    TRANSITIONS.labels(transition.from_status or "none", transition.to_status).inc()
    if before is not None and transition.to_status is Status.RUNNING:
        WAIT_SECONDS.observe((transition.at - before.updated_at).total_seconds())
    if transition.to_status in TERMINAL:
        SECONDS.labels(transition.to_status).observe((transition.at - job.created_at).total_seconds())
