"""What Grafana asks, and where it shows it: panels of a dashboard with rows repeated and choices filled in."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.yaml_loader import load_all

ROOT = Path(__file__).resolve().parents[1]
CHOICE = re.compile(r"\$(\w+)")
TYPES = {"row", "timeseries", "state-timeline"}
"""The types of panels that can be drawn."""
Dashboard = Mapping[str, Any]
Choices = Mapping[str, Sequence[str]]
"""The values of each variable that are chosen."""
Matrix = Sequence[Mapping[str, Any]]
"""Series as query_range gives them: labels in `metric`, pairs of time and text in `values`."""


class Undrawable(Exception):
    """A dashboard that cannot be drawn, or a panel without any data; it says which and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What Prometheus answered, by query; from `start` to `end`, every `step` seconds."""

    start: float
    end: float
    step: float
    answers: Mapping[str, Matrix]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and how each of its series is called."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One panel where it is seen, in units of Grafana's grid; `id` is the same for all repeats of one."""

    id: int
    type: str
    title: str
    x: int
    y: int
    width: int
    height: int
    queries: tuple[Query, ...]
    options: Mapping[str, Any]


def dashboards(root: Path = ROOT) -> dict[str, Dashboard]:
    """Those that dist/ gives Grafana, by name."""
    for path in sorted((root / "dist/monitoring").rglob("*.k8s.yaml")):
        for manifest in load_all(path.read_text(encoding="utf-8")):
            if manifest["kind"] == "ConfigMap" and manifest["metadata"]["name"] == "grafana-dashboards":
                return {Path(name).stem: json.loads(text) for name, text in manifest["data"].items()}
    raise Undrawable("dist/ has no ConfigMap grafana-dashboards: run `make synth`")


def all_chosen(dashboard: Dashboard) -> dict[str, list[str]]:
    """Each variable with all of its values, as it is when the dashboard is opened."""
    return {one["name"]: one["query"].split(",") for one in dashboard["templating"]["list"]}


def filled(text: str, choices: Choices) -> str:
    """The text as Grafana sends it: a name, or a group of names for a regular expression."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in choices:
            raise Undrawable(f"{text}: {match[0]} is no variable of the dashboard")
        values = choices[match[1]]
        return values[0] if len(values) == 1 else f"({'|'.join(values)})"

    return CHOICE.sub(value, text)


def shown(dashboard: Dashboard) -> Iterator[Shown]:
    """Every panel from top to bottom; a row that is repeated comes once for each value, one below the other."""
    choices, lower = all_chosen(dashboard), 0
    for block in _blocks(dashboard["panels"]):
        variable: str = block[0].get("repeat", "")
        top, bottom = block[0]["gridPos"]["y"], max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in block)
        values = choices[variable] if variable else [None]
        for number, value in enumerate(values):
            chosen = choices if value is None else {**choices, variable: [value]}
            for panel in block:
                yield _shown(panel, chosen, lower + number * (bottom - top))
        lower += (len(values) - 1) * (bottom - top)


def _blocks(panels: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Each row's head with the panels below it."""
    block: list[Mapping[str, Any]] = []
    for panel in panels:
        if panel["type"] == "row" and block:
            yield block
            block = []
        block.append(panel)
    yield block


def _shown(panel: Mapping[str, Any], choices: Choices, lower: int) -> Shown:
    if panel["type"] not in TYPES:
        raise Undrawable(f"panel {panel['title']}: nobody can draw a {panel['type']}")
    place = panel["gridPos"]
    targets = panel.get("targets", ())
    return Shown(
        id=panel["id"],
        type=panel["type"],
        title=filled(panel["title"], choices),
        x=place["x"],
        y=place["y"] + lower,
        width=place["w"],
        height=place["h"],
        queries=tuple(Query(filled(one["expr"], choices), one["legendFormat"]) for one in targets),
        options=panel.get("fieldConfig", {}).get("defaults", {}),
    )


def queries(dashboard: Dashboard) -> set[str]:
    """All that is asked to show it."""
    return {query.expr for one in shown(dashboard) for query in one.queries}


def read(path: Path) -> Record:
    """A record from its file."""
    return Record(**json.loads(path.read_text(encoding="utf-8")))
