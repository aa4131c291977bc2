"""The dependency graph as text, Mermaid, SVG and JSON."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform

BOX = (150, 30)
GAP = (40, 14)
MARGIN = 20
HEADER = 40
COLOURS = ("#e8eaf6", "#e3f2fd", "#e0f2f1", "#e8f5e9", "#fff8e1", "#fbe9e7", "#f3e5f5")


def as_json(platform: ResolvedPlatform) -> dict[str, Any]:
    """Components in start-up order, and all traffic."""
    return {
        "components": [
            {
                "name": c.name,
                "tier": str(tier),
                "wave": wave,
                "after": list(c.after),
            }
            for wave, tier, components in platform.deploy_order()
            for c in components
        ],
        "links": [
            {
                "from": link.consumer.name,
                "to": link.provider.name,
                "port": link.port.number,
                "relation": str(link.relation),
            }
            for link in platform.links
        ],
    }


def as_text(platform: ResolvedPlatform) -> str:
    """One line for each component: what it waits for."""
    rows = []
    for wave, tier, components in platform.deploy_order():
        rows.append(f"wave {wave}  {tier}")
        for component in components:
            waits = ", ".join(component.after)
            rows.append(f"    {component.name}" + (f"  after {waits}" if waits else ""))
    return "\n".join(rows)


def as_mermaid(platform: ResolvedPlatform) -> str:
    """A flowchart: solid arrows are waited for, dotted ones are traffic without order."""
    rows = ["flowchart LR"]
    for wave, tier, components in platform.deploy_order():
        rows.append(f'  subgraph {tier}["{wave} · {tier}"]')
        rows += [f"    {component.name}" for component in components]
        rows.append("  end")
    waited, soft = _edges(platform)
    rows += [f"  {provider} --> {consumer}" for provider, consumer in waited]
    rows += [f"  {provider} -.-> {consumer}" for provider, consumer in soft]
    return "\n".join(rows)


def _edges(platform: ResolvedPlatform) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(provider, consumer) pairs with order, and those without."""
    names = {component.name for component in platform.components}
    waited = sorted((name, c.name) for c in platform.components for name in c.after)
    traffic = {(link.provider.name, link.consumer.name) for link in platform.links}
    soft = sorted(pair for pair in traffic - set(waited) if set(pair) <= names)
    return waited, soft


def as_svg(platform: ResolvedPlatform) -> str:
    """A picture: one column for each wave, an arrow for each pair that waits; dashes where nobody waits."""
    places = dict(_places(platform))
    right = max(x for x, _ in places.values()) + BOX[0] + MARGIN
    bottom = max(y for _, y in places.values()) + BOX[1] + MARGIN
    svg = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {right} {bottom}",
        role="img",
    )
    ET.SubElement(svg, "title").text = "Start-up order of the components, wave by wave"
    _style(svg)
    waited, soft = _edges(platform)
    for pairs, kind in ((soft, "soft"), (waited, "waited")):
        for provider, consumer in pairs:
            ET.SubElement(
                svg,
                "path",
                attrib={"class": kind, "d": _curve(places[provider], places[consumer])},
            )
    for wave, tiers in enumerate(platform.waves):
        x = MARGIN + wave * (BOX[0] + GAP[0])
        ET.SubElement(svg, "text", x=str(x), y="26", attrib={"class": "wave"}).text = f"{wave} · {', '.join(tiers)}"
    for component in platform.components:
        _box(svg, component, places[component.name])
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode")


def _places(platform: ResolvedPlatform) -> Iterator[tuple[str, tuple[int, int]]]:
    for wave, tiers in enumerate(platform.waves):
        found = [c for _, tier, components in platform.deploy_order() if tier in tiers for c in components]
        for row, component in enumerate(found):
            yield (
                component.name,
                (MARGIN + wave * (BOX[0] + GAP[0]), HEADER + row * (BOX[1] + GAP[1])),
            )


def _style(svg: ET.Element) -> None:
    ET.SubElement(svg, "style").text = (
        "text{font:12px sans-serif;fill:#222}.wave{font-weight:bold}rect{stroke:#555}"
        "path{fill:none;stroke:#667}.soft{stroke:#bbc;stroke-dasharray:3 3}"
    )


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = (
        start[0] + BOX[0],
        start[1] + BOX[1] // 2,
        end[0],
        end[1] + BOX[1] // 2,
    )
    middle = (x1 + x2) // 2
    return f"M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"


def _box(svg: ET.Element, component: ResolvedComponent, place: tuple[int, int]) -> None:
    x, y = place
    size = {"width": str(BOX[0]), "height": str(BOX[1]), "rx": "5"}
    ET.SubElement(svg, "rect", x=str(x), y=str(y), fill=COLOURS[component.wave], attrib=size)
    ET.SubElement(svg, "text", x=str(x + 8), y=str(y + 20)).text = component.name
