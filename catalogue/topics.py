"""The Kafka topics; a dead-letter topic is derived for each one that some component consumes."""

from constructs_lib.model import Topic

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

TOPICS: tuple[Topic, ...] = (
    Topic(name="queries", partitions=3, retention_ms=DAY_MS),
    Topic(name="query_results", partitions=3, retention_ms=DAY_MS),
    Topic(name="training_jobs", partitions=3, retention_ms=7 * DAY_MS),
    Topic(name="training_events", partitions=3, retention_ms=7 * DAY_MS),
    Topic(name="predictions", partitions=3, retention_ms=DAY_MS),
)
