"""What the type of each entry needs to find there."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any

from constructs_lib.component_type import ComponentType, Defect
from constructs_lib.model import KUBERNETES_API, Catalogue, Component
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.places import COMPONENTS, where
from constructs_lib.types import known_type, type_names, type_of

Defects = Iterator[Defect]


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Entries that lack something, or have what nobody reads."""
    types = {component.name: type_of(component) for component in catalogue.components}
    for component in catalogue.components:
        needed = [(types[one.to], one.port) for one in component.needs if one.to in types]
        own = types[component.name]
        for defect, fix in (
            *_fields(component, own),
            *_parts(component, own),
            *_api(component, own),
            *_provider(component, own, needed),
            *own.problems(component),
        ):
            yield Problem(where(component), f"it is of type {component.type}, but {defect}", fix)
    yield from _whole(catalogue)


def _fields(component: Component, type_: ComponentType) -> Defects:
    for name in set_fields(component):
        if name not in type_.fields:
            fix = f"remove it, or use another type; {component.type} takes {', '.join(type_.fields)}"
            yield f"has {name}, which this type does not take", fix


def set_fields(component: Component) -> tuple[str, ...]:
    """The fields whose values are not those of an entry that does not name them."""
    return tuple(one.name for one in fields(component) if getattr(component, one.name) not in (None, _default(one)))


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _parts(component: Component, type_: ComponentType) -> Defects:
    for name in sorted(set(type_.ports_of(component)) - {port.name for port in component.ports}):
        yield f"has no port named {name}", f'add Port(name="{name}", number=...) to its ports'
    if type_.pods and component.image is None:
        yield "has no image", "name one of catalogue/images.py"
    if type_.pods and component.resources is None:
        yield "has no resources", "add resources=Resources(...)"
    if type_.probes and component.probes is None:
        yield "has no probes", "add probes=service_probes() or tool_probes(...)"
    if type_.storage and component.storage is None:
        yield "has no storage", "add storage=Storage(...)"


def _api(component: Component, type_: ComponentType) -> Defects:
    uses = any(one.to == KUBERNETES_API for one in component.needs)
    if type_.api and not uses:
        yield f"does not need {KUBERNETES_API}", "add needs=API: its pods talk to it"
    if component.access and not uses:
        yield f"has access without a need of {KUBERNETES_API}", "add needs=API, or remove the access"
    if uses and not type_.api:
        yield f"needs {KUBERNETES_API}: this type gets no service account", "remove the dependency and the access"


def _provider(component: Component, type_: ComponentType, needed: list[tuple[ComponentType, str]]) -> Defects:
    provider = type_.prepares
    ports = [port for one, port in needed if one.contract == provider]
    first = next(iter(one.ports[:1] for one, _ in needed if one.contract == provider), ())
    if provider and not ports:
        yield f"needs no {provider}", f"add a dependency on a component of type {provider} to its needs"
    if not {*first} <= {*ports}:
        yield f"does not need port {first[0]} of the {provider}", "name that port: its Job connects to it"
    if component.schema and "schemas" not in {one.holds for one, _ in needed}:
        yield "has a schema and needs no postgres", "add the dependency to its needs: it is told the address by it"


def _whole(catalogue: Catalogue) -> Iterator[Problem]:
    counts = Counter(component.type for component in catalogue.components)
    makers = {type_of(component).makes for component in catalogue.components}
    if catalogue.schema_owners and "schemas" not in makers:
        yield Problem(COMPONENTS, "schemas are declared but no component makes them", "add one of type postgres-schema")
    if any(component.generated_secrets for component in catalogue.components) and "secrets" not in makers:
        yield Problem(COMPONENTS, "secrets are declared but no component makes them", "add one of type credentials")
    for name in type_names():
        type_ = known_type(name)
        if type_ and type_.single and counts[name] > 1:
            yield Problem(COMPONENTS, f"there are {counts[name]} components of type {name}", "keep one")
