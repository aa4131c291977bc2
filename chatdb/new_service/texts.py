"""The texts that are written for a new service, as the formatter would leave them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from string import Template

from catalogue.components import API_PREFIX
from catalogue.namespaces import Namespace
from catalogue.tiers import Tier
from constructs_lib.model import Component, External
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.routes import published

WIDTH = 120
INDENT = " " * 8


def entry(component: Component) -> str:
    """The entry in components.py."""
    return "\n".join(["    Component(", *_arguments(component), "    ),", ""])


def image_line(component: Component) -> str:
    """The line in images.py."""
    name = quoted(component.name)
    return _call(f"{name}: ours", [name]) + "\n"


def filled(template: str, platform: ResolvedPlatform, component: Component) -> str:
    """A file of templates/, with what is derived from the entry; the catalogue has it already."""
    resolved = platform.component(component.name)
    variables = resolved.settings
    text = (files("chatdb.new_service") / "templates" / template).read_text(encoding="utf-8")
    return Template(text).substitute(
        name=component.name,
        namespace=component.namespace,
        tier=component.tier,
        port=component.ports[0].number,
        uid=component.uid,
        grace_period=component.grace_period,
        path=published(component.name, component.route)[0] if component.route else "",
        strip=component.route.strip if component.route else "",
        schema=component.schema.name if component.schema else "",
        role=component.role,
        table="\n".join(f"| `{name}` | {value} |" for name, value in variables.items()),
        variables=_lines(map(quoted, variables)),
        policies=_lines(_policies(platform, component)),
        after=_lines(map(quoted, resolved.after)),
    )


def quoted(text: str) -> str:
    """A Python text in the formatter's quotes."""
    return json.dumps(text)


def _lines(items: Iterable[str]) -> str:
    """Items of a bracket, one a line; nothing where there are none."""
    rows = "".join(f"{INDENT}{item},\n" for item in items)
    return f"\n{rows}    " if rows else ""


def _policies(platform: ResolvedPlatform, component: Component) -> Iterator[str]:
    """Python tuples of namespace and name: one for each side of each of its links that is inside the platform."""
    policies = set()
    for link in platform.links:
        if component.name not in (link.consumer.name, link.provider.name):
            continue
        consumer, provider = (
            "{NAME}" if node.name == component.name else node.name for node in (link.consumer, link.provider)
        )
        if not isinstance(link.consumer, External):
            policies.add((link.consumer.namespace, f"{consumer}-to-{provider}"))
        if not isinstance(link.provider, External):
            policies.add((link.provider.namespace, f"{provider}-from-{consumer}"))
    return (f"({quoted(namespace)}, f{quoted(name)})" for namespace, name in sorted(policies))


def _arguments(component: Component) -> Iterator[str]:
    """The arguments that a new service has, in the order of the other entries."""
    port, resources, route, schema = component.ports[0], component.resources, component.route, component.schema
    yield f"{INDENT}name={quoted(component.name)},"
    yield f"{INDENT}tier=Tier.{Tier(component.tier).name},"
    yield f"{INDENT}type={quoted(component.type)},"
    yield f"{INDENT}namespace=Namespace.{Namespace(component.namespace).name},"
    yield f"{INDENT}image={quoted(component.name)},"
    yield _tuple("ports", [f"http({quoted(component.name)}, {port.number})"])
    if component.needs:
        yield _tuple("needs", [f"Dependency({quoted(edge.to)}, {quoted(edge.port)})" for edge in component.needs])
    yield _tuple("talks_to", ["TELEMETRY"])
    if component.buckets:
        yield _tuple("buckets", [f"BucketAccess(bucket={quoted(own.bucket)})" for own in component.buckets])
    yield f"{INDENT}replicas={component.replicas},"
    if resources:
        keys = ("cpu", "memory", "cpu_limit", "memory_limit")
        yield _call("resources=Resources", [f"{key}={quoted(getattr(resources, key))}" for key in keys])
    yield f"{INDENT}probes=service_probes(),"
    if route:
        path = f'f"{{API_PREFIX}}{route.path.removeprefix(API_PREFIX)}"'
        yield _call("route=Route", [f"path={path}", "strip=API_PREFIX"])
    yield f'{INDENT}metrics="http",'
    if schema:
        yield _call("schema=Schema", [f"name={quoted(schema.name)}", f"migrations={quoted(schema.migrations)}"])


def _tuple(name: str, items: Sequence[str]) -> str:
    """On one line if it fits, else one item a line."""
    line = f"{INDENT}{name}=({', '.join(items)}{',' if len(items) == 1 else ''}),"
    return line if len(line) <= WIDTH else _exploded(f"{name}=", items)


def _call(head: str, items: Sequence[str]) -> str:
    """On one line if it fits, else the arguments on a line of their own, else one a line."""
    line = f"{INDENT}{head}({', '.join(items)}),"
    if len(line) <= WIDTH:
        return line
    inner = f"{INDENT}    {', '.join(items)}"
    return f"{INDENT}{head}(\n{inner}\n{INDENT})," if len(inner) <= WIDTH else _exploded(head, items)


def _exploded(head: str, items: Sequence[str]) -> str:
    return f"{INDENT}{head}(\n" + "".join(f"{INDENT}    {item},\n" for item in items) + f"{INDENT}),"
