"""Where the components of the graph are drawn: waves beside each other, or below each other on a narrow screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from chatdb.report.graph import Edge, Tier

LETTER, PADDING = 6.9, 22
"""About as wide is a letter of a name; and both margins of its box."""
HEIGHT, GAP, HEAD = 30, 8, 26
BETWEEN = 30
"""At least so much is between two columns."""
LANE = 10
"""A line between boxes needs so much."""
WIDE, NARROW = 1180, 358
NARROW_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Box:
    """A component, with its upper left corner."""

    name: str
    tier: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Label:
    """The heading of a tier."""

    tier: str
    wave: int
    x: float
    y: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """A picture of the graph, in pixels.

    `columns` says whether waves are beside each other; `lanes` are, of each provider whose lines go past other waves,
    the (left end, height) of its way through these.
    """

    width: float
    height: float
    box_width: float
    columns: bool
    boxes: Mapping[str, Box]
    labels: tuple[Label, ...]
    lanes: Mapping[str, Sequence[tuple[float, float]]]


def beside(tiers: Sequence[Tier]) -> Layout:
    """Each wave is a column; tiers of one wave are below each other."""
    columns = [list(group) for _, group in groupby(tiers, key=lambda tier: tier.wave)]
    width = _box_width(tiers)
    step = max(width + BETWEEN, (WIDE - width) / max(len(columns) - 1, 1))
    boxes: dict[str, Box] = {}
    lanes: dict[str, list[tuple[float, float]]] = {}
    labels: list[Label] = []
    lowest = 0.0
    for number, column in enumerate(columns):
        x, y = number * step, 0.0
        for tier in column:
            labels.append(Label(tier.name, tier.wave, x, y))
            y += HEAD
            for slot in tier.slots:
                if slot.lane:
                    lanes.setdefault(slot.name, []).append((x, y + (LANE - GAP) / 2))
                    y += LANE
                else:
                    boxes[slot.name] = Box(slot.name, tier.name, x, y)
                    y += HEIGHT + GAP
            y += GAP
        lowest = max(lowest, y)
    total = (len(columns) - 1) * step + width
    return Layout(
        width=total,
        height=lowest,
        box_width=width,
        columns=True,
        boxes=boxes,
        labels=tuple(labels),
        lanes=lanes,
    )


def below(tiers: Sequence[Tier]) -> Layout:
    """Each tier is a band; its components are in two columns, between which lines go down."""
    width = (NARROW - 4 * GAP) / NARROW_COLUMNS
    boxes: dict[str, Box] = {}
    labels: list[Label] = []
    y = 0.0
    for tier in tiers:
        labels.append(Label(tier.name, tier.wave, 0, y))
        y += HEAD
        names = [slot.name for slot in tier.slots if not slot.lane]
        for number, name in enumerate(names):
            row, column = divmod(number, NARROW_COLUMNS)
            boxes[name] = Box(name, tier.name, column * (width + 4 * GAP), y + row * (HEIGHT + GAP))
        y += -(-len(names) // NARROW_COLUMNS) * (HEIGHT + GAP) + GAP
    return Layout(width=NARROW, height=y, box_width=width, columns=False, boxes=boxes, labels=tuple(labels), lanes={})


def _box_width(tiers: Sequence[Tier]) -> float:
    return max(len(slot.name) for tier in tiers for slot in tier.slots) * LETTER + PADDING


def path(layout: Layout, edge: Edge) -> str:
    """The line of the edge, as the path of an SVG."""
    start, end = layout.boxes[edge.provider], layout.boxes[edge.consumer]
    return _sideways(layout, edge, start, end) if layout.columns else _downwards(layout, start, end)


def _sideways(layout: Layout, edge: Edge, start: Box, end: Box) -> str:
    """From side to side; a line that is always there goes past the waves between them in the provider's lane."""
    forward, width = start.x <= end.x, layout.box_width
    x, y = start.x + (width if forward else 0), start.y + HEIGHT / 2
    line = f"M{x:.0f} {y:.0f}"
    lanes = layout.lanes.get(edge.provider, ()) if edge.kind == "direct" else ()
    for left, height in (lane for lane in lanes if lane[0] < end.x):
        line += _curve(x, y, left, height) + f"H{left + width:.0f}"
        x, y = left + width, height
    to = end.x + (width if start.x >= end.x else 0)
    if start.x == end.x:
        side = x + PADDING
        return line + f"C{side:.0f} {y:.0f} {side:.0f} {end.y + HEIGHT / 2:.0f} {to:.0f} {end.y + HEIGHT / 2:.0f}"
    return line + _curve(x, y, to, end.y + HEIGHT / 2)


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    middle = (x1 + x2) / 2
    return f"C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"


def _downwards(layout: Layout, start: Box, end: Box) -> str:
    """From the inner side of one box to that of the other, through the middle of the picture."""
    middle = layout.width / 2
    x1, x2 = (box.x + (layout.box_width if box.x < middle else 0) for box in (start, end))
    y1, y2 = start.y + HEIGHT / 2, end.y + HEIGHT / 2
    if y1 == y2:
        return f"M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}"
    turn = HEIGHT / 2 if y1 < y2 else -HEIGHT / 2
    enter, leave = f"Q{middle:.0f} {y1:.0f} {middle:.0f} {y1 + turn:.0f}", f"Q{middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return f"M{x1:.0f} {y1:.0f}{enter}V{y2 - turn:.0f}{leave}"
