"""Names of things that are described elsewhere: images, topics, ports, secrets."""

from collections.abc import Iterator

from constructs_lib.model import DNS, Catalogue, Component
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.places import where
from constructs_lib.types import type_of


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Each reference that leads nowhere."""
    for component in catalogue.components:
        yield from _image(catalogue, component)
        yield from _topics(catalogue, component)
        yield from _secrets(catalogue, component)
        if component.metrics and component.metrics not in {port.name for port in component.ports}:
            message = f"metrics are on port {component.metrics}, which it has not"
            yield Problem(where(component), message, "name its port")
    yield from _externals(catalogue)


def _image(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    if component.image is not None and component.image not in catalogue.images:
        yield Problem(where(component), f"image {component.image} is not known", f"add it to {places.IMAGES}")


def _topics(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    known = {topic.name for topic in catalogue.topics}
    used = {*component.produces.values(), *component.consumes.values()}
    for topic in sorted(used - known):
        yield Problem(where(component), f"topic {topic} is not known", f"add it to {places.TOPICS}")
    if used and not _needs_topics(catalogue, component):
        yield Problem(where(component), "it names topics, but needs no kafka", "add the dependency to its needs")


def _needs_topics(catalogue: Catalogue, component: Component) -> bool:
    brokers = {other.name for other in catalogue.components if type_of(other).holds == "topics"}
    return any(one.to in brokers for one in component.needs)


def _secrets(catalogue: Catalogue, component: Component) -> Iterator[Problem]:
    owners = {owner.name: owner.generated_secrets for owner in catalogue.components}
    for key, source in component.shared_secrets.items():
        name, _, source_key = source.partition("/")
        if source_key not in owners.get(name, {}):
            message = f"secret {key} repeats {source}, which nobody generates"
            yield Problem(where(component), message, "write <component>/<key of its generated_secrets>")


def _externals(catalogue: Catalogue) -> Iterator[Problem]:
    """External nodes that the generator itself looks up."""
    known = {external.name for external in catalogue.externals}
    wanted = {DNS} | {type_of(component).external for component in catalogue.components} - {""}
    for name in sorted(wanted - known):
        yield Problem(places.EXTERNALS, f"there is no external node {name}", "the policies name it: put it back")
    if any(external.name == DNS and external.namespace is None for external in catalogue.externals):
        yield Problem(places.EXTERNALS, f"external node {DNS} has no namespace", "the policies select its pods: add it")
