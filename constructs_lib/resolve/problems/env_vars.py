"""What components are told: names of variables, templates, values that belong into a Secret."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, pairwise
from string import Formatter

from constructs_lib.model import Catalogue, Component, External, Port
from constructs_lib.problem import Problem
from constructs_lib.resolve.env_vars import env_vars
from constructs_lib.resolve.graph import by_consumer, links_of
from constructs_lib.resolve.problems.names import NAME, read_otherwise
from constructs_lib.resolve.problems.places import EXTERNALS, entry, where
from constructs_lib.resolve.secrets import secret_keys
from constructs_lib.resolved import Link, in_cluster
from constructs_lib.types import type_of

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRET_NAME = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|(^|_)KEY($|_)", re.IGNORECASE)
"""Names of variables whose values are nobody's business."""
SECRET_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:(?![$]?\{)[^/\s@]+@")
"""An address with a user and a password that is written out."""
RANDOM = ("password", "user")
ADDRESS = ("host", "port")


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of components and of what their ports tell others."""
    nodes: list[tuple[str, Component | External]] = [(where(c), c) for c in catalogue.components]
    nodes += [(entry(EXTERNALS, external.name), external) for external in catalogue.externals]
    broken = [problem for place, node in nodes for port in node.ports for problem in _templates(place, node, port)]
    yield from broken
    for place, node in nodes:
        for name in _names(node):
            if not VARIABLE.fullmatch(name):
                fix = "use letters, digits and _, not beginning with a digit"
                yield Problem(place, f"{name!r} is no name of a variable", fix)
            yield from read_otherwise(place, "variable", name)
        yield from _open_secrets(place, node)
        yield from _untold(place, node)
    links = {} if broken else by_consumer(links_of(catalogue))
    for component in catalogue.components:
        yield from _random(component)
        # What a type gives names its ports; one that is missing is reported with the type.
        whole = set(type_of(component).ports_of(component)) <= {port.name for port in component.ports}
        if whole and not broken:
            yield from _collisions(catalogue, component, links.get(component.name, ()))


def _names(node: Component | External) -> Iterator[str]:
    for port in node.ports:
        yield from (*port.env, *port.admin_env, *port.credentials)
    if isinstance(node, Component):
        groups = (node.settings, node.produces, node.consumes, node.generated_secrets, node.shared_secrets)
        yield from chain.from_iterable(groups)
        yield from (own.variable for own in node.buckets if own.variable)


def _templates(place: str, node: Component | External, port: Port) -> Iterator[Problem]:
    """A template that cannot be filled in."""
    own = tuple(node.generated_secrets) if isinstance(node, Component) else ()
    secret = (*ADDRESS, "role", "password", *own)
    for templates, known in ((port.env, ADDRESS), (port.admin_env, ADDRESS), (port.credentials, secret)):
        for name, template in templates.items():
            if complaint := _unfillable(template, known):
                fix = f"use {', '.join('{' + key + '}' for key in known)}; a brace itself is written twice"
                yield Problem(place, f"port {port.name!r}: {name} is {template!r}, {complaint}", fix)


def _unfillable(template: str, known: Collection[str]) -> str:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        return str(error)
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            return f"which names {{{name}}}" if name not in known else "which has a format"
    return ""


def _open_secrets(place: str, node: Component | External) -> Iterator[Problem]:
    """What would stand in a ConfigMap, and so in git."""
    told: list[Mapping[str, str]] = [told for port in node.ports for told in (port.env, port.admin_env)]
    if isinstance(node, Component):
        told.append(node.settings)
    for name, value in ((name, value) for values in told for name, value in values.items()):
        if SECRET_NAME.search(name) and value:
            fix = "make it one of generated_secrets, or of a port's credentials"
            yield Problem(place, f"{name} looks like a secret, and would be in git", fix)
    credentials = [port.credentials for port in node.ports]
    for name, value in ((name, value) for values in (*told, *credentials) for name, value in values.items()):
        if SECRET_URL.search(value):
            fix = "write {password} or a key of generated_secrets in a port's credentials"
            yield Problem(place, f"{name} has a password in its address", fix)


def _untold(place: str, node: Component | External) -> Iterator[Problem]:
    """What a port holds ready for nobody."""
    for port in node.ports:
        if port.admin_env and not (isinstance(node, Component) and node.generated_secrets):
            message = f"port {port.name!r} has admin_env, which goes to whoever shares a secret, but generates none"
            yield Problem(place, message, "write them into env, or add generated_secrets")
        if port.credentials and isinstance(node, External) and not port.secret:
            message = f"port {port.name!r} has credentials, which only components hand out"
            yield Problem(place, message, "write what is no secret into env, and remove the rest")
        if port.secret and not port.credentials:
            message = f"port {port.name!r} names a Secret, and has no credentials"
            yield Problem(place, message, "remove secret")
        if port.secret and not NAME.fullmatch(port.secret):
            fix = "use at most 52 lower-case letters, digits and dashes, beginning with a letter"
            yield Problem(place, f"port {port.name!r}: {port.secret!r} cannot end the name of a Secret", fix)


def _random(component: Component) -> Iterator[Problem]:
    for key, kind in component.generated_secrets.items():
        if kind not in RANDOM:
            message = f"secret {key} is to be {kind!r}, which nobody can make"
            yield Problem(where(component), message, f"write {' or '.join(RANDOM)}: values are made in the cluster")


def _collisions(catalogue: Catalogue, component: Component, links: Iterable[Link]) -> Iterator[Problem]:
    """One name, two values."""
    every = sorted(env_vars(catalogue, component, links, in_cluster), key=lambda one: (one.name, one.value, one.origin))
    for one, other in pairwise(every):
        if one.name == other.name and one.value != other.value:
            message = f"variable {one.name} is {one.value} by {one.origin} and {other.value} by {other.origin}"
            yield Problem(where(component), message, "rename one of them")
    # A pod takes the Secret's value, and nobody would see that the other one is lost.
    origins = {one.name: one.origin for one in reversed(every)}
    for key, origin in secret_keys(catalogue, component, links):
        if origins.setdefault(key, origin) != origin:
            message = f"variable {key} comes from {origins[key]} and from {origin}"
            yield Problem(where(component), message, "rename one of them")
