"""The graph as HTML: a list of tiers whose components are links, placed over the lines between them."""

from collections.abc import Sequence

from chatdb.report.graph import Edge
from chatdb.report.layout import Box, Label, Layout, path
from chatdb.report.markup import Html, tag

LEAST = 0.86
"""Of the layout's width: names are still inside of their boxes."""


def picture(layout: Layout, edges: Sequence[Edge], class_: str) -> Html:
    """As wide as there is room for, but for names that would not fit; heights are pixels."""
    lines = tag(
        "svg",
        *(_line(layout, edge) for edge in edges),
        viewBox=f"0 0 {layout.width:.0f} {layout.height:.0f}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    tiers = tag("ol", *(_tier(layout, label) for label in layout.labels), aria_label="Components by wave and tier")
    size = f"height:{layout.height:.0f}px;min-width:{LEAST * layout.width:.0f}px"
    return tag("div", lines, tiers, class_=f"graph {class_}", style=size)


def _line(layout: Layout, edge: Edge) -> Html:
    return tag("path", class_=edge.kind, d=path(layout, edge), data_from=edge.provider, data_to=edge.consumer)


def _tier(layout: Layout, label: Label) -> Html:
    boxes = (box for box in layout.boxes.values() if box.tier == label.tier)
    words = tag("span", f"{label.wave} ", tag("b", label.tier), class_="tier", style=_place(layout, label.x, label.y))
    return tag("li", words, tag("ul", *(tag("li", _node(layout, box)) for box in boxes)))


def _node(layout: Layout, box: Box) -> Html:
    place = f"{_place(layout, box.x, box.y)};width:{_across(layout, layout.box_width)}"
    return tag("a", box.name, href=f"#c-{box.name}", class_="node", data_name=box.name, style=place)


def _place(layout: Layout, x: float, y: float) -> str:
    return f"left:{_across(layout, x)};top:{y:.0f}px"


def _across(layout: Layout, x: float) -> str:
    return f"{100 * x / layout.width:.2f}%"
