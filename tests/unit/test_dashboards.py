"""The dashboards are what Grafana reads, and show all that is measured."""

import json
import re
import subprocess
from itertools import combinations
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from tests.repository import ROOT, manifests
from tools import metrics

SECONDS = 30
CONFIGS = {m["metadata"]["name"]: m["data"] for m in manifests(ROOT / "dist/monitoring") if m["kind"] == "ConfigMap"}
DASHBOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in CONFIGS["grafana-dashboards"].items()}
PANELS = [
    (name, panel) for name, dashboard in DASHBOARDS.items() for panel in dashboard["panels"] if panel["type"] != "row"
]
EXPRESSIONS = [target["expr"] for _, panel in PANELS for target in panel["targets"]]
SERVICES = sorted(component.name for component in CATALOGUE.components if component.metrics)


def test_all_are_there() -> None:
    """Four pages, each with a uid of its own."""
    assert set(DASHBOARDS) == {"platform.json", "services.json", "kafka.json", "jobs.json"}
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_have_a_place_of_their_own(name: str) -> None:
    """Ids are unique, and no panel lies on another one or beyond the edge."""
    panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_data_source_is_provisioned() -> None:
    """Panels and targets name a data source by the uid that its file gives it."""
    sources = yaml.safe_load(CONFIGS["grafana-datasources"]["datasources.yaml"])["datasources"]
    known = {(one["type"], one["uid"]) for one in sources}
    for _, panel in PANELS:
        for owner in (panel, *panel["targets"]):
            assert (owner["datasource"]["type"], owner["datasource"]["uid"]) in known


def test_up_or_down_is_no_line() -> None:
    """What is 1 or 0 is a bar with both states named: as lines, all that is well lies on one line."""
    yes_or_no = [panel for _, panel in PANELS if panel["targets"][0]["expr"].count("dependency_up")]
    assert len(yes_or_no) == 4
    for panel in yes_or_no:
        assert panel["type"] == "state-timeline"
        (mapping,) = panel["fieldConfig"]["defaults"]["mappings"]
        assert {value: one["text"] for value, one in mapping["options"].items()} == {"0": "down", "1": "up"}


def test_counts_are_whole() -> None:
    """One smoke run is never 1.4 of them: where Prometheus reckons on to the ends of a time, it is rounded."""
    counted = [expr for expr in EXPRESSIONS if "increase(" in expr]
    assert counted
    assert all(expr.startswith("round(") for expr in counted)


def test_no_alert_has_a_name() -> None:
    """While nothing fires the panel says so, and while something does there is no second line without a name."""
    (firing,) = [expr for expr in EXPRESSIONS if "ALERTS" in expr]
    assert firing.endswith('or on () label_replace(vector(0), "alertname", "none", "", "")')


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_lines_are_full(name: str) -> None:
    """No row of the grid has one panel alone at its left, with nothing beside it."""
    panels = [panel["gridPos"] for panel in DASHBOARDS[name]["panels"] if panel["type"] != "row"]
    for top in {place["y"] for place in panels}:
        assert sum(place["w"] for place in panels if place["y"] == top) == 24


@pytest.mark.parametrize("expr", sorted(set(EXPRESSIONS)), ids=lambda expr: expr[:40])
def test_queries_are_promql(expr: str) -> None:
    """Prometheus' own parser reads each one."""
    line = [str(ROOT / ".tools/bin/promtool"), "--experimental", "promql", "format", expr.replace("$", "")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


def test_every_metric_is_looked_at() -> None:
    """What a service measures is in a dashboard or in an alert."""
    rules = yaml.safe_load(CONFIGS["prometheus-config"]["alerts.yml"])
    asked = " ".join([*EXPRESSIONS, *(rule["expr"] for group in rules["groups"] for rule in group["rules"])])
    names = {re.sub("_(bucket|count|sum)$", "", name) for name in re.findall(r"(\w+)\{", asked)}
    assert {metric.name for metric in metrics.defined(ROOT)} - names == set()


def test_rows_follow_the_catalogue() -> None:
    """Each tier with something to see, each service, each topic that is read."""
    heads = [panel["title"] for panel in DASHBOARDS["platform.json"]["panels"] if panel["type"] == "row"]
    expected = ["All tiers", "Tier 1: foundation", "Tier 3: core", "Tier 4: processing", "Tier 5: edge"]
    assert heads == expected
    assert repeated("services.json") == ("service", SERVICES)
    read = {topic for component in CATALOGUE.components for topic in component.consumes.values()}
    assert repeated("kafka.json") == ("topic", sorted(read))


def repeated(name: str) -> tuple[str, list[str]]:
    """The variable that the first row is repeated for, and its values."""
    (variable,) = DASHBOARDS[name]["templating"]["list"]
    row = next(panel for panel in DASHBOARDS[name]["panels"] if panel["type"] == "row")
    assert row["repeat"] == variable["name"]
    return variable["name"], variable["query"].split(",")
