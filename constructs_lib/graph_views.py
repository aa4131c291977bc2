"""The dependency graph as text, Mermaid and JSON."""

from typing import Any

from constructs_lib.catalogue.graph import deploy_order, links, predecessors
from constructs_lib.catalogue.model import Catalogue


def as_json(catalogue: Catalogue) -> dict[str, Any]:
    """Components in start-up order, and all traffic."""
    return {
        "components": [
            {
                "name": c.name,
                "tier": str(tier),
                "wave": wave,
                "after": list(predecessors(catalogue, c)),
            }
            for wave, tier, components in deploy_order(catalogue)
            for c in components
        ],
        "links": [
            {
                "from": link.consumer.name,
                "to": link.provider.name,
                "port": link.port.number,
                "relation": str(link.relation),
            }
            for link in links(catalogue)
        ],
    }


def as_text(catalogue: Catalogue) -> str:
    """One line for each component: what it waits for."""
    rows = []
    for wave, tier, components in deploy_order(catalogue):
        rows.append(f"wave {wave}  {tier}")
        for component in components:
            waits = ", ".join(predecessors(catalogue, component))
            rows.append(f"    {component.name}" + (f"  after {waits}" if waits else ""))
    return "\n".join(rows)


def as_mermaid(catalogue: Catalogue) -> str:
    """A flowchart: solid arrows are waited for, dotted ones are traffic without order."""
    rows = ["flowchart LR"]
    for wave, tier, components in deploy_order(catalogue):
        rows.append(f'  subgraph {tier}["{wave} · {tier}"]')
        rows += [f"    {component.name}" for component in components]
        rows.append("  end")
    waited, soft = _edges(catalogue)
    rows += [f"  {provider} --> {consumer}" for provider, consumer in waited]
    rows += [f"  {provider} -.-> {consumer}" for provider, consumer in soft]
    return "\n".join(rows)


def _edges(catalogue: Catalogue) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(provider, consumer) pairs with order, and those without."""
    names = {component.name for component in catalogue.components}
    waited = sorted((name, c.name) for c in catalogue.components for name in predecessors(catalogue, c))
    traffic = {(link.provider.name, link.consumer.name) for link in links(catalogue)}
    soft = sorted(pair for pair in traffic - set(waited) if set(pair) <= names)
    return waited, soft
