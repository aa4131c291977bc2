"""The dependency graph as text, Mermaid and JSON."""

from typing import Any

from constructs_lib.resolved import Relation, ResolvedPlatform


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
    """One line for each component: what it depends on."""
    rows = []
    for wave, tier, components in platform.deploy_order():
        rows.append(f"wave {wave}  {tier}")
        for component in components:
            waits = ", ".join(component.after)
            rows.append(f"    {component.name}" + (f"  after {waits}" if waits else ""))
    return "\n".join(rows)


def as_mermaid(platform: ResolvedPlatform) -> str:
    """A flowchart: solid arrows are startup dependencies, dotted ones are traffic without order."""
    rows = ["flowchart LR"]
    for wave, tier, components in platform.deploy_order():
        rows.append(f'  subgraph {tier}["{wave} · {tier}"]')
        rows += [f"    {component.name}" for component in components]
        rows.append("  end")
    waited, soft = _edges(platform)
    rows += [f"  {provider} --> {consumer}" for provider, consumer in waited]
    rows += [f"  {provider} -.-> {consumer}" for provider, consumer in soft]
    return "\n".join(rows)


def tiers_as_mermaid(platform: ResolvedPlatform) -> str:
    """A flowchart of the tiers with their components; an arrow leads from each wave to the next."""
    waves: dict[int, list[str]] = {}
    rows = ["flowchart LR"]
    for wave, tier, components in platform.deploy_order():
        names = "<br/>".join(component.name for component in components)
        rows.append(f'  {tier}["<b>{wave} · {tier}</b><br/>{names}"]')
        waves.setdefault(wave, []).append(str(tier))
    return "\n".join([*rows, f"  {' --> '.join(map(' & '.join, waves.values()))}"])


def _edges(platform: ResolvedPlatform) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(provider, consumer) pairs with order, and those without."""
    names = {component.name for component in platform.components}
    waited = sorted((name, c.name) for c in platform.components for name in c.after)
    traffic = {
        (link.provider.name, link.consumer.name) for link in platform.links if link.relation is not Relation.PEERS
    }
    soft = sorted(pair for pair in traffic - set(waited) if set(pair) <= names)
    return waited, soft
