"""The graph as SVG: every component is a link to its details, and its lines are found by its name."""

from collections.abc import Iterable, Sequence

from chatdb.report.graph import Edge
from chatdb.report.layout import HEAD, HEIGHT, Box, Label, Layout, path
from chatdb.report.markup import Html, joined, tag

MARGIN = 2


def picture(layout: Layout, edges: Sequence[Edge], class_: str) -> Html:
    """One picture; whoever cannot see it has the table of the same section."""
    size = f"{-MARGIN} {-MARGIN} {layout.width + 2 * MARGIN:.0f} {layout.height + 2 * MARGIN:.0f}"
    return tag(
        "svg",
        tag("g", *(_line(layout, edge) for edge in edges), class_="edges", aria_hidden="true"),
        *(_tier(layout, label) for label in layout.labels),
        class_=class_,
        viewBox=size,
        role="group",
        aria_label="Components by wave; each leads to its details",
    )


def _line(layout: Layout, edge: Edge) -> Html:
    return tag("path", class_=edge.kind, d=path(layout, edge), data_from=edge.provider, data_to=edge.consumer)


def _tier(layout: Layout, label: Label) -> Html:
    boxes = (box for box in layout.boxes.values() if box.tier == label.tier)
    words = (tag("tspan", label.wave, class_="wave"), f" {label.tier}")
    return joined(
        (tag("text", *words, class_="tier", x=f"{label.x:.0f}", y=f"{label.y + HEAD - 11:.0f}"), _boxes(layout, boxes))
    )


def _boxes(layout: Layout, boxes: Iterable[Box]) -> Html:
    return joined(
        tag(
            "a",
            tag("rect", width=f"{layout.box_width:.0f}", height=HEIGHT, rx=5),
            tag("text", box.name, x=11, y=HEIGHT / 2 + 4.5),
            href=f"#c-{box.name}",
            class_="node",
            data_name=box.name,
            transform=f"translate({box.x:.0f} {box.y:.0f})",
        )
        for box in boxes
    )
