"""Names and numbers that have to be legal, and to be there once."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from constructs_lib.model import Catalogue, Component, Topic
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.places import where
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX

NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")
PORT_NAME = re.compile(r"(?!.*--)[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
LAST_PORT = 65535
LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
OWN_LABELS = frozenset({"app", "version", "app.kubernetes.io/part-of"})
SCHEMA = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
RESERVED_SCHEMAS = ("migrations", "public")
"""What the schema Job and PostgreSQL itself use."""
RESERVED_NAMES = ("namespaces",)
"""A file of dist/ that belongs to no component."""
# Kafka's own limit is 249: the dead-letter topic's suffix has to fit, too.
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,245}")
BUCKET = re.compile(r"(?!.*[.][.])[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]")
"""What S3 takes."""


def found(catalogue: Catalogue) -> Iterator[Problem]:
    """Of components with their ports, labels and schemas, of topics, buckets and dashboards."""
    every = [*(c.name for c in catalogue.components), *(e.name for e in catalogue.externals)]
    for name, count in _repeated(every):
        yield Problem(
            places.entry(places.COMPONENTS, name), f"the name is there {count} times", "give each a name of its own"
        )
    for component in catalogue.components:
        if not NAME.fullmatch(component.name):
            fix = "use at most 52 lower-case letters, digits and dashes, beginning with a letter"
            yield Problem(where(component), f"{component.name!r} is no name of a Service", fix)
        if component.name in RESERVED_NAMES:
            yield Problem(where(component), "a file that no component has is named so", "choose another name")
        yield from _ports(component)
        yield from _labels(component)
    yield from _schemas(catalogue)
    yield from _topics(catalogue.topics)
    yield from _buckets(catalogue)


def _repeated(values: Iterable[object]) -> Iterator[tuple[str, int]]:
    return ((str(value), count) for value, count in Counter(values).items() if count > 1)


def _ports(component: Component) -> Iterator[Problem]:
    for number, count in _repeated(port.number for port in component.ports):
        yield Problem(where(component), f"port {number} is there {count} times", "give each port its own number")
    for name, count in _repeated(port.name for port in component.ports):
        yield Problem(where(component), f"the port name {name!r} is there {count} times", "give each port its own name")
    for port in component.ports:
        if not PORT_NAME.fullmatch(port.name):
            fix = "use at most 15 lower-case letters, digits and single dashes, beginning with a letter"
            yield Problem(where(component), f"{port.name!r} is no name of a port", fix)
        if not 0 < port.number <= LAST_PORT:
            yield Problem(where(component), f"{port.number} is no port", f"choose one from 1 to {LAST_PORT}")


def _labels(component: Component) -> Iterator[Problem]:
    for key, value in component.labels.items():
        if key in OWN_LABELS:
            yield Problem(where(component), f"label {key} is written by the generator", "choose another key")
        if not LABEL_KEY.fullmatch(key):
            fix = "use at most 63 letters, digits, . _ and -, with a letter or digit at both ends"
            yield Problem(where(component), f"{key!r} is no key of a label", fix)
        if not LABEL_VALUE.fullmatch(value):
            fix = "use at most 63 letters, digits, . _ and -, with a letter or digit at both ends"
            yield Problem(where(component), f"label {key!r} is {value!r}", fix)


def _schemas(catalogue: Catalogue) -> Iterator[Problem]:
    owners = [component for component in catalogue.components if component.schema]
    for owner in owners:
        if owner.schema and not SCHEMA.fullmatch(owner.schema.name):
            fix = "use at most 63 lower-case letters, digits and _, beginning with a letter, and not with pg_"
            yield Problem(where(owner), f"{owner.schema.name!r} is no name of a schema", fix)
        elif owner.schema and owner.schema.name in RESERVED_SCHEMAS:
            yield Problem(where(owner), f"the schema {owner.schema.name!r} is in use", "choose another name")
    for name, count in _repeated(owner.schema.name for owner in owners if owner.schema):
        yield Problem(places.COMPONENTS, f"{count} components own the schema {name!r}", "give each one of its own")


def _topics(topics: Iterable[Topic]) -> Iterator[Problem]:
    every = list(topics)
    for name, count in _repeated(topic.name for topic in every):
        yield Problem(places.entry(places.TOPICS, name), f"the topic is there {count} times", "keep one")
    for topic in every:
        place = places.entry(places.TOPICS, topic.name)
        if not TOPIC.fullmatch(topic.name) or topic.name in (".", ".."):
            yield Problem(place, "is no name of a topic", "use at most 245 letters, digits, . _ and -")
        if topic.name.endswith(DEAD_LETTER_SUFFIX):
            yield Problem(place, "dead-letter topics are derived", f"use a name without {DEAD_LETTER_SUFFIX}")


def _buckets(catalogue: Catalogue) -> Iterator[Problem]:
    for name, count in _repeated(bucket.name for bucket in catalogue.buckets):
        yield Problem(places.entry(places.BUCKETS, name), f"the bucket is there {count} times", "keep one")
    for bucket in catalogue.buckets:
        if not BUCKET.fullmatch(bucket.name):
            fix = "use 3 to 63 lower-case letters, digits, dashes and dots"
            yield Problem(places.entry(places.BUCKETS, bucket.name), "is no name of a bucket", fix)
    for name, count in _repeated(dashboard.name for dashboard in catalogue.dashboards):
        yield Problem(places.COMPONENTS, f"the dashboard {name!r} is there {count} times", "keep one")
