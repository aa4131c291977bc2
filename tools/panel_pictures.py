"""Draws dashboards on their own grids from a record of Prometheus' answers.

Usage: panel_pictures.py RECORD FOLDER writes dashboard-<name>.png of each one; `make dashboards` records and draws.
"""

import io
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from PIL import Image

from tools.dashboards import Dashboard, Matrix, Record, Shown, Undrawable, dashboards, read, shown
from tools.panel_units import UNITS, Unit

DPI = 96
COLUMN, LINE, GAP, MARGIN = 48, 38, 8, 12
"""Pixels of a column and of a line of the grid, between panels, and around all."""
HEAD, AXIS, SIDE, LEGEND_LINE = 26, 22, 64, 15
LETTER = 5.6
"""About as wide is a letter of a legend."""
COLOURS = ("#7eb26d", "#eab839", "#1f78c1", "#e24d42", "#6ed0e0", "#ef843c", "#ba43a9", "#705da0", "#508642", "#806eb7")
BACK, PANEL, INK, PALE, RULE = "#f1f2f3", "#ffffff", "#24292e", "#6a737b", "#e4e6e8"
STATES = {"green": "#73bf69", "red": "#f2495c"}
SHADES = 256
Entry = tuple[str, str]
"""A name in a legend, and its colour."""
Times = Sequence[Any]
"""datetimes: matplotlib draws them, but its types know of numbers only."""
LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
ORIGIN = "Drawn from Prometheus' answers to the dashboard's own queries; not Grafana's own picture."


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name in the legend, and a value for each step, not a number where there is none."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A figure that is measured in pixels from its upper left corner."""

    figure: Figure
    width: int
    height: int

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """A plot at this place."""
        bottom = self.height - y - height
        return self.figure.add_axes((x / self.width, bottom / self.height, width / self.width, height / self.height))

    def text(self, x: float, y: float, text: str, **how: Any) -> None:
        """Words, the middle of their line at y."""
        self.figure.text(x / self.width, 1 - y / self.height, text, va="center", **how)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        corner = (x / self.width, 1 - (y + height) / self.height)
        size = (width / self.width, height / self.height)
        self.figure.add_artist(Rectangle(corner, *size, color=colour, linewidth=0, zorder=-1))


def picture(dashboard: Dashboard, record: Record) -> bytes:
    """A PNG of the whole dashboard."""
    return _png(drawing(dashboard, record))


def drawing(dashboard: Dashboard, record: Record) -> Figure:
    """All of its panels; Undrawable where one has no data in any of its repeats."""
    panels = list(shown(dashboard))
    data = [_series(panel, record) for panel in panels]
    _refuse_empty(dashboard, panels, data)
    width = 24 * COLUMN + 2 * MARGIN
    height = max(one.y + one.height for one in panels) * LINE + 2 * MARGIN + 2 * HEAD
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=BACK)
    canvas = Canvas(figure, width, height)
    canvas.text(MARGIN, MARGIN + HEAD / 2, dashboard["title"], fontsize=13, weight="bold", color=INK)
    _span(canvas, record)
    for panel, series in zip(panels, data, strict=True):
        _panel(canvas, panel, series, record)
    canvas.text(MARGIN, height - MARGIN - 4, ORIGIN, fontsize=7.5, color=PALE)
    return figure


def _png(figure: Figure) -> bytes:
    """In as few colours as it needs."""
    drawn, small = io.BytesIO(), io.BytesIO()
    FigureCanvasAgg(figure).print_png(drawn)
    with Image.open(drawn) as image:
        flat = image.convert("RGB").quantize(SHADES, dither=Image.Dither.NONE)
        flat.save(small, "PNG", optimize=True)
    return small.getvalue()


def _span(canvas: Canvas, record: Record) -> None:
    """From when to when it is, at the right of the head."""
    times = [f"{datetime.fromtimestamp(one, UTC):%Y-%m-%d %H:%M}" for one in (record.start, record.end)]
    words = f"{times[0]} to {times[1][-5:]} UTC"
    canvas.text(canvas.width - MARGIN, MARGIN + HEAD / 2, words, fontsize=9, color=PALE, ha="right")


def _series(panel: Shown, record: Record) -> list[Series]:
    """What each query of the panel found."""
    return [
        Series(called(query.legend, one["metric"]), _at_steps(one["values"], record))
        for query in panel.queries
        for one in _answer(panel, query.expr, record)
        if one["values"]
    ]


def _answer(panel: Shown, expr: str, record: Record) -> Matrix:
    if expr not in record.answers:
        raise Undrawable(f"panel {panel.title}: the record has no answer to {expr}")
    return record.answers[expr]


def called(legend: str, labels: Mapping[str, str]) -> str:
    """The name of a series; a label that it does not have is empty, as in Grafana."""
    return LABEL.sub(lambda match: labels.get(match[1], ""), legend).strip()


def _at_steps(values: Sequence[tuple[float, str]], record: Record) -> list[float]:
    """One value a step: where Prometheus has none, the line has a gap."""
    by_step = {round((when - record.start) / record.step): float(value) for when, value in values}
    return [by_step.get(number, math.nan) for number in range(_steps(record))]


def _steps(record: Record) -> int:
    return int((record.end - record.start) / record.step) + 1


def _refuse_empty(dashboard: Dashboard, panels: Sequence[Shown], data: Sequence[Sequence[Series]]) -> None:
    """No panel is empty in all of its repeats, and no name of a series is."""
    full = {panel.id for panel, series in zip(panels, data, strict=True) if _has_points(series)}
    for panel in panels:
        if panel.type != "row" and panel.id not in full:
            raise Undrawable(f"dashboard {dashboard['title']}, panel {panel.title}: no data")
    for panel, series in zip(panels, data, strict=True):
        if not all(one.name for one in series):
            raise Undrawable(f"dashboard {dashboard['title']}, panel {panel.title}: a series has no name")


def _has_points(series: Sequence[Series]) -> bool:
    return any(math.isfinite(value) for one in series for value in one.values)


def _panel(canvas: Canvas, panel: Shown, series: Sequence[Series], record: Record) -> None:
    x, y = MARGIN + panel.x * COLUMN, MARGIN + HEAD + panel.y * LINE
    width, height = panel.width * COLUMN - GAP, panel.height * LINE - GAP
    if panel.type == "row":
        canvas.text(x + 4, y + height / 2, panel.title, fontsize=10.5, weight="bold", color=INK)
        return
    canvas.box(x, y, width, height, PANEL)
    canvas.text(x + 8, y + HEAD / 2, panel.title, fontsize=9, weight="bold", color=INK)
    if not _has_points(series):
        canvas.text(x + width / 2, y + height / 2, "No data", fontsize=10, color=PALE, ha="center")
        return
    legend = _legend_of(panel, series)
    lines = _legend(canvas, legend, x + 10, y + height, width - 16)
    side = SIDE if panel.type == "timeseries" else max(len(one.name) for one in series) * LETTER + 12
    axes = canvas.axes(x + side, y + HEAD + 4, width - side - 12, height - HEAD - 4 - AXIS - lines * LEGEND_LINE - 4)
    _plot(axes, panel, series, record)


def _legend_of(panel: Shown, series: Sequence[Series]) -> list[Entry]:
    """Names and colours: those of the series, or of the states where each series has its name beside it."""
    if panel.type == "timeseries":
        return [(one.name, colour) for one, colour in zip(series, cycle(COLOURS), strict=False)]
    states = [state for mapping in panel.options["mappings"] for state in mapping["options"].values()]
    return [(state["text"], STATES[state["color"]]) for state in states]


def _legend(canvas: Canvas, entries: Sequence[Entry], x: float, bottom: float, width: float) -> int:
    """All entries under the plot, as many beside each other as there is room for; how many lines."""
    lines = list(_legend_lines(entries, width))
    top = bottom - len(lines) * LEGEND_LINE
    for number, line in enumerate(lines):
        y = top + (number + 0.3) * LEGEND_LINE
        for offset, (name, colour) in line:
            canvas.box(x + offset, y - 1, 10, 3, colour)
            canvas.text(x + offset + 14, y, name, fontsize=7, color=INK)
    return len(lines)


def _legend_lines(entries: Sequence[Entry], width: float) -> Iterator[list[tuple[float, Entry]]]:
    """Of each line, its entries and how far each is from the left."""
    line: list[tuple[float, Entry]] = []
    at = 0.0
    for entry in entries:
        wide = 14 + len(entry[0]) * LETTER + 12
        if line and at + wide > width:
            yield line
            line, at = [], 0.0
        line.append((at, entry))
        at += wide
    yield line


def _plot(axes: Axes, panel: Shown, series: Sequence[Series], record: Record) -> None:
    times: Times = [
        datetime.fromtimestamp(record.start + number * record.step, UTC) for number in range(_steps(record))
    ]
    DRAWERS[panel.type](axes, panel, series, times)
    axes.set_xlim(times[0], times[-1])
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=6))
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=UTC))
    axes.tick_params(labelsize=7, colors=PALE, length=0)
    # Else the first time would touch the lowest value.
    axes.tick_params(axis="x", pad=6)
    for side in axes.spines.values():
        side.set_visible(False)


def _lines_over_time(axes: Axes, panel: Shown, series: Sequence[Series], times: Times) -> None:
    for one, colour in zip(series, cycle(COLOURS), strict=False):
        axes.plot(times, one.values, color=colour, linewidth=1.1, marker=".", markevery=_lonely(one.values))
    values = [value for one in series for value in one.values if math.isfinite(value)]
    lowest = panel.options.get("min", min(values))
    highest = panel.options.get("max", max(values) * 1.08 if max(values) > 0 else 1)
    unit = _unit(panel)
    axes.set_ylim(lowest, highest)
    size, _ = unit.form(highest)
    ticks = [tick * size for tick in MaxNLocator(4).tick_values(lowest / size, highest / size)]
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if lowest <= tick <= highest]))
    axes.yaxis.set_major_formatter(FuncFormatter(unit.writer(highest)))
    axes.grid(color=RULE, linewidth=0.6)


def _lonely(values: Sequence[float]) -> list[int]:
    """Points without a neighbour: no line leads to them."""
    there = [False, *map(math.isfinite, values), False]
    return [at for at in range(len(values)) if there[at + 1] and not there[at] and not there[at + 2]]


def _unit(panel: Shown) -> Unit:
    """How the panel's values are written."""
    name = panel.options.get("unit")
    if name is None or name not in UNITS:
        raise Undrawable(f"panel {panel.title}: nobody knows how to write the unit {name}")
    return UNITS[name]


def _bars_of_states(axes: Axes, panel: Shown, series: Sequence[Series], times: Times) -> None:
    """A bar for each series in the colours of its values, the first one at the top."""
    step = times[1] - times[0]
    for row, one in enumerate(series):
        for when, value in zip(times, one.values, strict=True):
            if math.isfinite(value):
                axes.barh(row, step, left=when, height=0.8, color=STATES[_mapped(panel, value)["color"]], linewidth=0)
    axes.set_ylim(len(series) - 0.5, -0.5)
    axes.yaxis.set_major_locator(FixedLocator(range(len(series))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda row, _position: series[int(row)].name))


def _mapped(panel: Shown, value: float) -> Mapping[str, Any]:
    """The text and the colour that the panel has for a value."""
    options = [mapping["options"] for mapping in panel.options["mappings"]]
    appearance = next((one[f"{value:g}"] for one in options if f"{value:g}" in one), None)
    if appearance is None:
        raise Undrawable(f"panel {panel.title}: it has no colour for {value:g}")
    return dict(appearance)


DRAWERS: Mapping[str, Callable[[Axes, Shown, Sequence[Series], Times], None]] = {
    "timeseries": _lines_over_time,
    "state-timeline": _bars_of_states,
}
"""By the type of the panel."""


def main(record: str, folder: str) -> None:
    """Draw all."""
    answers = read(Path(record))
    for name, dashboard in dashboards().items():
        path = Path(folder) / f"dashboard-{name}.png"
        path.write_bytes(picture(dashboard, answers))
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
