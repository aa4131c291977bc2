"""What Grafana shows: the platform by tier, each service, each topic; all derived from the catalogue."""

from collections.abc import Iterator

from constructs_lib.component_type import type_of
from constructs_lib.dashboards.panels import Dashboard, Panel, Row, Variable, as_json, panel, up_or_down
from constructs_lib.dashboards.promql import age, increase, most, of, quantile, rate
from constructs_lib.model import Catalogue, Component

ASKED = 'route!~"/health|/ready|/metrics"'
"""What people and services ask, without probes and scrapes."""


def dashboards(catalogue: Catalogue) -> dict[str, str]:
    """Every dashboard by the name of its file: those that are derived, and the catalogue's own."""
    definitions = (platform(catalogue), services(catalogue), messages(catalogue), *catalogue.dashboards)
    return {f"{one.name}.json": as_json(one, catalogue.name, catalogue.title) for one in definitions}


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
    for tier in catalogue.tiers:
        mine = sorted((entry for entry in catalogue.components if entry.tier == tier), key=lambda entry: entry.name)
        panels = (*_servers(mine), *_scraped(mine))
        if panels:
            rows.append(Row(f"Tier {catalogue.wave(tier)}: {tier}", panels))
    return Dashboard(name="platform", title="platform", rows=tuple(rows))


def _servers(components: list[Component]) -> Iterator[Panel]:
    """Servers without metrics of their own, as the readiness of the services that need them reports them."""
    for component in components:
        type_ = type_of(component)
        if type_.unscraped:
            seen = most("dependency_up", f'dependency="{type_.readiness_name(component)}"', by="service")
            yield up_or_down(f"{component.name}, as its users see it", seen, "{{service}}")


def _scraped(components: list[Component]) -> Iterator[Panel]:
    names = "|".join(sorted(component.name for component in components if _serves(component)))
    if names:
        mine = f'service=~"{names}"'
        yield panel("Pods that answer", "short", f"sum by (service) ({of('up', mine)})", "{{service}}")
        yield panel("Requests", "reqps", rate("http_requests_total", mine, ASKED, by="service"), "{{service}}")


def _serves(component: Component) -> bool:
    """Whether its metrics are those of a service; of an engine its users tell."""
    return component.metrics is not None and not type_of(component).unscraped


def services(catalogue: Catalogue) -> Dashboard:
    """Rate, errors, duration and resources of each scraped component, in a row of its own."""
    names = tuple(sorted(component.name for component in catalogue.components if _serves(component)))
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
        title="services",
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
        title="messages",
        rows=(Row("$topic", panels, repeat="topic"), Row("Outbox", outbox)),
        variables=(Variable("topic", "Topic", topics),),
    )
