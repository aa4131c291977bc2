"""A real Prometheus, configured by dist/, asks the real services: what is looked at is there, and no more is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import SECONDS, ask, kafka
from tests.local.scraping import CONFIGS, Ask, scraping, value
from tests.repository import ROOT
from tools import dashboards, metrics

RULES = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load(CONFIGS["prometheus-config"]["alerts.yml"])["groups"]
    for rule in group["rules"]
}
DASHBOARDS = {name: json.loads(text) for name, text in CONFIGS["grafana-dashboards"].items()}
PANELS = {
    f"{name}: {panel['title']} {panel['id']}": target["expr"]
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
    for target in panel.get("targets", ())
}
OF_TARGETS = {"__name__", "job", "instance", "service", "pod", "le"}
"""Labels that the scrape gives, or the type."""
FIRES = 'ALERTS{alertname="DeadLetters",alertstate="firing",service="query-parser",topic="queries"}'


@pytest.fixture(scope="module")
def prometheus(running: Platform) -> Iterator[Ask]:
    """Its API, once every target was scraped; then all that is measured has been done once."""
    with scraping(running) as api:
        work(running)
        done = 'sum(increase(kafka_consumer_messages_total{topic="queries",outcome="dead_letter"}[5m]))'
        wait_for("what was done is scraped", SECONDS, lambda: value(api, done) > 0)
        # Alerts are evaluated at intervals: queries of firing alerts find none before.
        wait_for("DeadLetters fires", SECONDS, lambda: api("query", query=FIRES)["result"])
        yield api


def work(running: Platform) -> None:
    """A smoke run, and what it leaves out: refusals, and a message that nobody can read."""
    url = running.url("test-service")
    location = f"{url}/{ask(f'{url}/runs', method='POST')[2]['Location']}"
    wait_for("the smoke run has ended", SECONDS, lambda: ask(location)[1]["status"] in ("passed", "failed"))
    unknown = {"model_name": "nobody-made-it", "instances": [{"a": 1}]}
    assert ask(f"{running.url('ml-engine')}/ml/predict", unknown)[0] == 404
    assert ask(f"{running.url('query-parser')}/parse", {"query": "colourless green ideas"})[1]["sql"] is None
    kafka(running, "kafka-console-producer", "--topic", "queries", given="no json\n")


def selectors(node: Any) -> Iterator[dict[str, Any]]:
    """Each series that a parsed query selects."""
    if isinstance(node, dict):
        if node.get("type") in ("vectorSelector", "matrixSelector"):
            yield node
        for inner in node.values():
            yield from selectors(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from selectors(inner)


def groupings(node: Any) -> Iterator[set[str]]:
    """The labels that each aggregation keeps."""
    if isinstance(node, dict):
        if node.get("type") == "aggregation":
            yield set(node["grouping"])
        for inner in node.values():
            yield from groupings(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from groupings(inner)


def filled(expr: str) -> str:
    """The query as Grafana sends it while all is chosen."""
    choices = {
        name: values for dashboard in DASHBOARDS.values() for name, values in dashboards.all_chosen(dashboard).items()
    }
    return dashboards.filled(expr, choices)


QUERIES = RULES | PANELS


def complaints(api: Ask, expr: str) -> Iterator[str]:
    """Metrics, labels and values that the query names and nobody has."""
    tree = api("parse_query", query=filled(expr))
    labels: set[str] = set()
    for selector in selectors(tree):
        series = api("series", **{"match[]": selector["name"]})
        if not series and selector["name"] != "ALERTS":
            yield f"metric {selector['name']}"
        labels |= {label for one in series for label in one}
        for matcher in selector["matchers"] if series else ():
            has = {one.get(matcher["name"]) for one in series}
            if has == {None}:
                yield f"label {matcher['name']}"
            elif matcher["type"] == "=" and matcher["value"] not in has:
                yield f"value {matcher['value']}"
    if labels:
        yield from (f"label {label}" for label in sorted(set().union(*groupings(tree)) - labels))


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_asked_for_is_there(prometheus: Ask, name: str) -> None:
    """Every metric that a dashboard or an alert names exists, with the labels and the values that it names."""
    assert list(complaints(prometheus, QUERIES[name])) == []


@pytest.mark.parametrize(
    ("expr", "complaint"),
    [
        ("sum(rate(http_request_total[5m]))", "metric http_request_total"),
        ('http_requests_total{code="200"}', "label code"),
        ('kafka_consumer_messages_total{outcome="dead letter"}', "value dead letter"),
        ("sum by (handler) (http_requests_total)", "label handler"),
    ],
)
def test_wrong_queries_are_noticed(prometheus: Ask, expr: str, complaint: str) -> None:
    """A name that nobody has is told."""
    assert list(complaints(prometheus, expr)) == [complaint]


@pytest.mark.parametrize("name", PANELS)
def test_panels_have_data(prometheus: Ask, name: str) -> None:
    """After a user's way through the platform no panel is empty."""
    wait_for(f"{name} has data", 30, lambda: prometheus("query", query=filled(PANELS[name]))["result"])


def test_rules_are_evaluated(prometheus: Ask) -> None:
    """Prometheus evaluates each of them without an error."""
    groups = prometheus("rules")["groups"]
    rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
    assert set(rules) == set(RULES)
    assert {name: rule.get("lastError") for name, rule in rules.items() if rule["health"] != "ok"} == {}


def test_metrics_are_those_that_are_defined(prometheus: Ask) -> None:
    """Names, types and labels as in docs/observability.md; besides there is what a Python process says of itself."""
    defined = {one.name: one for one in metrics.defined(ROOT)}
    told = {name: entries[0]["type"] for name, entries in prometheus("metadata").items()}
    own = {name: type_ for name, type_ in told.items() if not name.startswith(("process_", "python_"))}
    assert own == {name: one.type for name, one in defined.items()}
    for name, one in defined.items():
        sample = f"{name}_bucket" if one.type == "histogram" else name
        series = prometheus("series", **{"match[]": sample})
        assert {frozenset(set(each) - OF_TARGETS) for each in series} == {frozenset(one.labels)}, name


def test_labels_are_bounded(prometheus: Ask) -> None:
    """No id, and no name that a user chose, is in any label; routes are the templates of the services."""
    for label in prometheus("labels"):
        for label_value in prometheus(f"label/{label}/values"):
            assert "nobody-made-it" not in label_value
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|/[0-9]", label_value), (label, label_value)


def test_lag_is_told_of_each_topic_that_is_read(prometheus: Ask) -> None:
    """By the one that reads it, for each of its partitions."""
    series = prometheus("series", **{"match[]": 'kafka_consumer_lag_messages{job="kubernetes-pods"}'})
    pairs = {(one["service"], one["topic"]) for one in series}
    assert pairs == {(c.name, topic) for c in CATALOGUE.components for topic in c.consumes.values()}
    partitions = {topic.name: topic.partitions for topic in CATALOGUE.topics}
    assert len(series) == sum(partitions[topic] for _, topic in pairs)
