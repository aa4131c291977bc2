"""Grafana's JSON of a dashboard, from what differs between dashboards: rows, panels and their queries."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DATA_SOURCE = "prometheus"
"""Its uid in types/grafana/files/datasources.yaml, and its type."""
SCHEMA_VERSION = 42
"""The newest of the schema that Grafana calls v1, which it reads from files."""
WIDTH, PANEL_HEIGHT = 24, 8
MOST_BESIDE = 4
"""A row of so many panels is one line; a longer one has lines of three."""
UP_OR_DOWN = {"0": {"text": "down", "color": "red", "index": 0}, "1": {"text": "up", "color": "green", "index": 1}}
Panel = dict[str, Any]


DERIVED = ("platform", "services", "kafka")
"""Names of dashboards that follow from the entries; a catalogue's own have others."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a title; with `repeat` once for each value of that variable."""

    title: str
    panels: tuple[Panel, ...]
    repeat: str | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of the dashboard: all of the values, unless somebody picks some."""

    name: str
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dashboard:
    """One page of a platform: it is found as <platform>-<name>, and its title begins with the platform's."""

    name: str
    title: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()


def panel(title: str, unit: str, expr: str, legend: str) -> Panel:
    """One query over time; `unit` is a name of Grafana's, `legend` how each series is called. No value is negative."""
    return _panel("timeseries", title, {"unit": unit, "min": 0}, {}, expr, legend)


def up_or_down(title: str, expr: str, legend: str) -> Panel:
    """A bar for each series, by when it is 1 and when it is 0: as lines they would lie on each other."""
    looks = {"mappings": [{"type": "value", "options": UP_OR_DOWN}], "custom": {"fillOpacity": 80, "lineWidth": 0}}
    return _panel("state-timeline", title, looks, {"mergeValues": True, "showValue": "never"}, expr, legend)


def _panel(type_: str, title: str, looks: dict[str, Any], options: dict[str, Any], expr: str, legend: str) -> Panel:
    source = {"type": DATA_SOURCE, "uid": DATA_SOURCE}
    return {
        "type": type_,
        "title": title,
        "datasource": source,
        "fieldConfig": {"defaults": looks, "overrides": []},
        "options": options,
        "targets": [{"refId": "A", "datasource": source, "expr": expr, "legendFormat": legend}],
    }


def as_json(dashboard: Dashboard, platform: str, title: str) -> str:
    """The file that Grafana reads; `platform` and `title` are the platform's own."""
    content = {
        "uid": f"{platform}-{dashboard.name}",
        "title": f"{title} {dashboard.title}",
        "tags": [platform],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [_variable(one) for one in dashboard.variables]},
        "annotations": {"list": []},
        "links": [],
        "panels": [{"id": number, **panel} for number, panel in enumerate(_panels(dashboard), start=1)],
    }
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "custom",
        "multi": True,
        "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
        "query": ",".join(variable.values),
        "options": [{"text": value, "value": value, "selected": False} for value in variable.values],
    }


def _panels(dashboard: Dashboard) -> Iterator[Panel]:
    """Each row's head and then its panels, from left to right and from top to bottom."""
    top = 0
    for row in dashboard.rows:
        repeat = {"repeat": row.repeat} if row.repeat else {}
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            **repeat,
            **_place(0, top, WIDTH, 1),
        }
        top += 1
        beside = len(row.panels) if len(row.panels) <= MOST_BESIDE else 3
        width = WIDTH // beside
        for number, panel in enumerate(row.panels):
            line, column = divmod(number, beside)
            yield panel | _place(column * width, top + line * PANEL_HEIGHT, width, PANEL_HEIGHT)
        top += -(-len(row.panels) // beside) * PANEL_HEIGHT


def _place(x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {"gridPos": {"x": x, "y": y, "w": width, "h": height}}
