"""Names that the platform as a whole declares: component types, tiers, namespaces."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from constructs_lib.model import Catalogue, Component
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import COMPONENTS, where
from constructs_lib.types import known_type, type_names
from constructs_lib.yaml_words import reads_as_text

NAME = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
LONGEST_HOST = 253
RESERVED_TIERS = {
    "released": "a file of the Applications has that name",
    "traits": "the folder of optional traits in dist/ has that name",
}
HOST = re.compile(rf"{LABEL}([.]{LABEL})*")


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of the platform itself, and of each entry."""
    yield from of_platform(catalogue)
    for component in catalogue.components:
        yield from _entry(catalogue, component)


def of_platform(catalogue: Catalogue) -> Iterator[Problem]:
    """What it declares as a whole."""
    yield from _declared("platform", [catalogue.name])
    yield from _declared("tier", catalogue.tiers)
    yield from _declared("namespace", catalogue.namespaces)
    yield from _declared("trait", [trait.name for trait in catalogue.traits])
    for noun, declared in (("tiers", catalogue.tiers), ("namespaces", catalogue.namespaces)):
        if not declared:
            yield Problem(COMPONENTS, f"the platform declares no {noun}", "declare one at least")
    if catalogue.host and not is_host(catalogue.host):
        fix = "use lower-case letters, digits, dashes and dots, such as platform.example"
        yield Problem(COMPONENTS, f"{catalogue.host!r} is not a valid host", fix)
    for tier in sorted(catalogue.optional_tiers - set(catalogue.tiers)):
        yield Problem(COMPONENTS, f"unknown optional tier {str(tier)!r}", f"use one of: {', '.join(catalogue.tiers)}")


def is_host(value: object) -> bool:
    """Whether it is a name that routes can be served under."""
    return isinstance(value, str) and len(value) <= LONGEST_HOST and bool(HOST.fullmatch(value))


def _entry(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    for noun, name, known in (
        ("component type", component.type, type_names()),
        ("tier", component.tier, catalogue.tiers),
        ("namespace", component.namespace, catalogue.namespaces),
    ):
        if name not in known:
            yield Problem(where(component), f"unknown {noun} {str(name)!r}", f"use one of: {', '.join(known)}")
    for name in sorted({str(rule.namespace) for rule in component.access} - set(catalogue.namespaces)):
        message = f"unknown namespace {name!r} in its access"
        yield Problem(where(component), message, f"use one of: {', '.join(catalogue.namespaces)}")
    if (type_ := known_type(component.type)) and type_.settings_needed:
        given = {name for name, value in component.settings.items() if value}
        for name in sorted(set(type_.settings_needed) - given):
            message = f"it is of type {component.type}, but has no setting {name}"
            yield Problem(where(component), message, f'add settings=env({name}="...")')


def _declared(noun: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, count in Counter(map(str, names)).items():
        if count > 1:
            yield Problem(COMPONENTS, f"the platform declares the {noun} {name} {count} times", "keep one")
        if not reads_as_text(name):
            yield Problem(COMPONENTS, f"the {noun} {name!r} is not text to YAML", "choose another name")
        if noun == "tier" and name in RESERVED_TIERS:
            yield Problem(COMPONENTS, f"a tier cannot be called {name}: {RESERVED_TIERS[name]}", "choose another name")
        if not NAME.fullmatch(name):
            fix = "use at most 40 lower-case letters, digits and dashes, beginning with a letter"
            yield Problem(COMPONENTS, f"{name!r} is not a valid name of a {noun}", fix)
