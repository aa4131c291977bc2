"""What Grafana shows: the platform by tier, each service, each topic, and jobs; all derived from the catalogue."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from constructs_lib.catalogue.model import Catalogue, Component, Kind, Tier
from constructs_lib.components.panels import Dashboard, Panel, Row, Variable, panel, render, up_or_down
from constructs_lib.components.promql import age, increase, most, of, quantile, rate

ASKED = 'route!~"/health|/ready|/metrics"'
"""What people and services ask, without probes and scrapes."""
DEPENDENCIES: Mapping[Kind, str] = MappingProxyType(
    {Kind.POSTGRES: "postgres", Kind.KAFKA: "kafka", Kind.OBJECT_STORE: "object store"}
)
"""Servers that have no metrics of their own, and what the services' /ready call them."""


def dashboards(catalogue: Catalogue) -> dict[str, str]:
    """Every dashboard by the name of its file."""
    found = (platform(catalogue), services(catalogue), messages(catalogue), jobs())
    return {f"{dashboard.name}.json": render(dashboard) for dashboard in found}


def platform(catalogue: Catalogue) -> Dashboard:
    """All of it at a glance, and one row for each tier that something is known of, in the order of start."""
    none = 'label_replace(vector(0), "alertname", "none", "", "")'
    firing = f'count by (alertname, service) (ALERTS{{alertstate="firing"}}) or on () {none}'
    needs = f"min by (service, dependency) ({of('dependency_up')})"
    whole = (
        panel("Alerts that fire", "short", firing, "{{alertname}} {{service}}"),
        up_or_down("What the worst pod reaches", needs, "{{service}}: {{dependency}}"),
    )
    rows = [Row("All tiers", whole)]
    for tier in Tier:
        mine = sorted((entry for entry in catalogue.components if entry.tier is tier), key=lambda entry: entry.name)
        panels = (*_servers(mine), *_scraped(mine))
        if panels:
            rows.append(Row(f"Tier {tier.wave}: {tier}", panels))
    return Dashboard(name="platform", title="ChatDB platform", rows=tuple(rows))


def _servers(components: list[Component]) -> Iterator[Panel]:
    for component in components:
        if component.kind in DEPENDENCIES:
            seen = most("dependency_up", f'dependency="{DEPENDENCIES[component.kind]}"', by="service")
            yield up_or_down(f"{component.name}, as its users see it", seen, "{{service}}")


def _scraped(components: list[Component]) -> Iterator[Panel]:
    names = "|".join(sorted(component.name for component in components if component.metrics))
    if names:
        mine = f'service=~"{names}"'
        yield panel("Pods that answer", "short", f"sum by (service) ({of('up', mine)})", "{{service}}")
        yield panel("Requests", "reqps", rate("http_requests_total", mine, ASKED, by="service"), "{{service}}")


def services(catalogue: Catalogue) -> Dashboard:
    """Rate, errors, duration and resources of each scraped component, in a row of its own."""
    names = tuple(sorted(component.name for component in catalogue.components if component.metrics))
    mine = 'service=~"$service"'
    asked = rate("http_requests_total", mine, ASKED, by="service")
    failed = rate("http_requests_total", mine, ASKED, 'status=~"5.."', by="service")
    seconds = "http_request_duration_seconds"
    panels = (
        panel("Requests", "reqps", rate("http_requests_total", mine, ASKED, by="status"), "{{status}}"),
        panel("Share of server errors", "percentunit", f"({failed} or 0 * {asked}) / {asked}", "{{service}}"),
        panel("Duration, 95th percentile", "s", quantile(95, seconds, mine, ASKED), "all routes"),
        panel(
            "Duration by route, 95th percentile",
            "s",
            quantile(95, seconds, mine, ASKED, by="method, route"),
            "{{method}} {{route}}",
        ),
        panel("Requests under way", "short", of("http_requests_in_progress", mine), "{{pod}}"),
        panel("Failed steps of workers", "ops", rate("worker_failures_total", mine, by="worker"), "{{worker}}"),
        panel("CPU, in cores", "short", rate("process_cpu_seconds_total", mine, by="pod"), "{{pod}}"),
        panel("Memory", "bytes", of("process_resident_memory_bytes", mine), "{{pod}}"),
        panel("Open files", "short", of("process_open_fds", mine), "{{pod}}"),
    )
    return Dashboard(
        name="services",
        title="ChatDB services",
        rows=(Row("$service", panels, repeat="service"),),
        variables=(Variable("service", "Service", names),),
    )


def messages(catalogue: Catalogue) -> Dashboard:
    """What waits in each topic that somebody reads, and what becomes of it; then the outbox."""
    topics = tuple(sorted({topic for component in catalogue.components for topic in component.consumes.values()}))
    mine, read = 'topic=~"$topic"', "kafka_consumer_messages_total"
    dead = increase(read, mine, 'outcome="dead_letter"', by="service", within="1h")
    seconds = quantile(95, "kafka_consumer_message_duration_seconds", mine, by="service")
    sent = rate("kafka_producer_messages_total", mine, by="service, outcome")
    panels = (
        panel("Lag", "short", most("kafka_consumer_lag_messages", mine, by="partition"), "partition {{partition}}"),
        panel("Messages read", "ops", rate(read, mine, by="service, outcome"), "{{service}}: {{outcome}}"),
        panel("Messages sent", "ops", sent, "{{service}}: {{outcome}}"),
        panel("Tries again", "ops", rate("kafka_consumer_retries_total", mine, by="service"), "{{service}}"),
        panel("Dead letters in an hour", "short", dead, "{{service}}"),
        panel("A try, 95th percentile", "s", seconds, "{{service}}"),
    )
    oldest = age("outbox_oldest_message_timestamp_seconds", by="service")
    outbox = (
        panel("Messages in the outbox", "short", most("outbox_messages", by="service"), "{{service}}"),
        panel("Age of the oldest", "s", oldest, "{{service}}"),
    )
    return Dashboard(
        name="kafka",
        title="ChatDB messages",
        rows=(Row("$topic", panels, repeat="topic"), Row("Outbox", outbox)),
        variables=(Variable("topic", "Topic", topics),),
    )


def jobs() -> Dashboard:
    """Jobs from the queue to the registered model, and what the models and the parser are asked."""
    rows = (
        Row("Jobs", tuple(_jobs())),
        Row("Training", tuple(_training())),
        Row("Predictions", tuple(_predictions())),
        Row("Questions", tuple(_questions())),
    )
    return Dashboard(name="jobs", title="ChatDB jobs, models and questions", rows=rows)


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
