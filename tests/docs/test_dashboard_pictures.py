"""The pictures of the dashboards: every panel is drawn from what Prometheus answered, or it is said which cannot be."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from tests.repository import ROOT
from tools import dashboards
from tools.panel_pictures import called, drawing, picture

RECORD = dashboards.read(Path(__file__).with_name("platform-record.json"))
"""Some minutes of a run of `make dashboards`, for one dashboard."""
DASHBOARDS = dashboards.dashboards()
MOST_BYTES = 200_000
Panel = dict[str, Any]


def test_every_panel_is_drawn() -> None:
    """Each title is there, and each panel has a plot of its own."""
    figure = drawing(DASHBOARDS["platform"], RECORD)
    words = {text.get_text() for text in figure.texts}
    panels = DASHBOARDS["platform"]["panels"]
    assert {panel["title"] for panel in panels} <= words
    assert len(figure.axes) == sum(panel["type"] != "row" for panel in panels)
    assert "No data" not in words


def test_picture_is_small() -> None:
    """A PNG of a moderate size."""
    png = picture(DASHBOARDS["platform"], RECORD)
    assert png.startswith(b"\x89PNG")
    assert len(png) < MOST_BYTES


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_pictures_are_in_the_docs(name: str) -> None:
    """Each dashboard has one, of a moderate size, and a page shows it."""
    path = ROOT / f"docs/pictures/dashboard-{name}.png"
    assert 0 < path.stat().st_size < MOST_BYTES
    assert f"(pictures/{path.name})" in (ROOT / "docs/observability.md").read_text(encoding="utf-8")


def test_rows_are_repeated() -> None:
    """A row for each service, below each other; its queries ask for that service alone."""
    panels = list(dashboards.shown(DASHBOARDS["services"]))
    names = sorted(component.name for component in CATALOGUE.components if component.metrics)
    rows = [one for one in panels if one.type == "row"]
    assert [row.title for row in rows] == names
    tops = [row.y for row in rows]
    assert tops == sorted(set(tops))
    last = panels[-1]
    assert all(f'service=~"{names[-1]}"' in query.expr for query in last.queries)
    assert last.y + last.height > tops[-1] > panels[len(panels) // len(names) - 1].y


def test_all_is_chosen() -> None:
    """A variable whose values are all chosen is a group of a regular expression."""
    assert dashboards.filled('a{b=~"$b"}', {"b": ["c", "d"]}) == 'a{b=~"(c|d)"}'


def test_names_of_series() -> None:
    """Labels are filled in; one that is not there is empty."""
    assert called("{{a}}: {{ b }}", {"a": "1", "b": "2"}) == "1: 2"
    assert called("{{a}} {{b}}", {"a": "1"}) == "1"


def unknown_type(panel: Panel) -> None:
    """Nobody draws that."""
    panel["type"] = "heatmap"


def unknown_unit(panel: Panel) -> None:
    """Nobody writes that."""
    panel["fieldConfig"]["defaults"]["unit"] = "parsec"


def unknown_variable(panel: Panel) -> None:
    """The dashboard does not have it."""
    panel["targets"][0]["expr"] = 'up{pod=~"$pod"}'


def unanswered(panel: Panel) -> None:
    """The record is of another dashboard."""
    panel["targets"][0]["expr"] = "up"


def nameless(panel: Panel) -> None:
    """No series has that label."""
    panel["targets"][0]["legendFormat"] = "{{nobody}}"


WRONG: dict[Callable[[Panel], None], str] = {
    unknown_type: "nobody can draw a heatmap",
    unknown_unit: "nobody knows how to write the unit parsec",
    unknown_variable: r"\$pod is no variable",
    unanswered: "the record has no answer to up",
    nameless: "a series has no name",
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_what_cannot_be_drawn_is_said(change: Callable[[Panel], None]) -> None:
    """A change of one panel fails with its name, and why."""
    dashboard = copy.deepcopy(dict(DASHBOARDS["platform"]))
    panel = next(one for one in dashboard["panels"] if one["type"] == "timeseries")
    change(panel)
    with pytest.raises(dashboards.Undrawable, match=WRONG[change]) as said:
        drawing(dashboard, RECORD)
    assert panel["title"] in str(said.value) or change is unknown_variable


@pytest.mark.parametrize("answer", [[], [{"metric": {"alertname": "none"}, "values": [[RECORD.start, "NaN"]]}]])
def test_empty_panels_are_said(answer: list[Any]) -> None:
    """No series, or none with a number: the panel is named."""
    panel = next(one for one in DASHBOARDS["platform"]["panels"] if one["type"] == "timeseries")
    expr = panel["targets"][0]["expr"]
    record = dashboards.Record(
        start=RECORD.start, end=RECORD.end, step=RECORD.step, answers={**RECORD.answers, expr: answer}
    )
    with pytest.raises(dashboards.Undrawable, match=f"panel {panel['title']}: no data"):
        drawing(DASHBOARDS["platform"], record)


def test_unknown_states_are_said() -> None:
    """A value that has no colour is no state."""
    panel = next(one for one in DASHBOARDS["platform"]["panels"] if one["type"] == "state-timeline")
    expr = panel["targets"][0]["expr"]
    odd = [{"metric": {"service": "a", "dependency": "b"}, "values": [[RECORD.start, "7"]]}]
    record = dashboards.Record(
        start=RECORD.start, end=RECORD.end, step=RECORD.step, answers={**RECORD.answers, expr: odd}
    )
    with pytest.raises(dashboards.Undrawable, match=f"panel {panel['title']}: it has no colour for 7"):
        drawing(DASHBOARDS["platform"], record)
