"""Names and numbers that have to be legal, and to be there once."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from constructs_lib.dashboards.panels import DERIVED
from constructs_lib.model import Catalogue, Component, External, Topic
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.places import where
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from constructs_lib.yaml_words import reads_as_text

NAME = re.compile(r"[a-z]([a-z0-9-]{0,50}[a-z0-9])?")
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PORT_NAME = re.compile(r"(?!.*--)[a-z]([a-z0-9-]{0,13}[a-z0-9])?")
LAST_PORT = 65535
LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
OWN_LABELS = frozenset({"app", "version", "app.kubernetes.io/part-of"})
SCHEMA = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
RESERVED_SCHEMAS = ("migrations", "public")
"""What the schema Job and PostgreSQL itself use."""
RESERVED_NAMES = {
    "default": "every namespace has a service account of that name",
    "namespaces": "a file that no component has is named so",
}
# Kafka's own limit is 249: the dead-letter topic's suffix has to fit, too.
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,245}")
BUCKET = re.compile(r"(?!.*(?:[.][.]|[.]-|-[.]))(?!([0-9]+[.]){3}[0-9]+$)[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]")
"""What S3 takes."""


def problems(catalogue: Catalogue) -> Iterator[Problem]:
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
        if reason := RESERVED_NAMES.get(component.name):
            yield Problem(where(component), reason, "choose another name")
        yield from read_otherwise(where(component), "name", component.name)
        yield from _ports(where(component), component)
        yield from _labels(where(component), component.labels)
    controller = [catalogue.gateway_controller] if catalogue.gateway_controller else []
    for external in (*catalogue.externals, *controller):
        yield from _external(external)
    yield from _schemas(catalogue)
    yield from _topics(catalogue.topics)
    yield from _buckets(catalogue)


def read_otherwise(place: str, noun: str, name: str) -> Iterator[Problem]:
    """A name that YAML reads as something else: a hand-written patch or a template would not mean it."""
    if name and not reads_as_text(name):
        yield Problem(
            place, f"the {noun} {name!r} is not text to YAML", "choose another name: YAML reads it as a value"
        )


def _external(external: External) -> Iterator[Problem]:
    place = places.entry(places.EXTERNALS, external.name)
    if not NAME.fullmatch(external.name):
        fix = "use at most 52 lower-case letters, digits and dashes, beginning with a letter"
        yield Problem(place, f"{external.name!r} is not a valid name: policies are named by it", fix)
    if external.namespace is not None and not NAMESPACE.fullmatch(external.namespace):
        fix = "use at most 63 lower-case letters, digits and dashes"
        yield Problem(place, f"{external.namespace!r} is not a valid namespace", fix)
    yield from read_otherwise(place, "name", external.name)
    yield from _ports(place, external)
    yield from _labels(place, external.pod_labels, own=frozenset())


def _repeated(values: Iterable[object]) -> Iterator[tuple[str, int]]:
    return ((str(value), count) for value, count in Counter(values).items() if count > 1)


def _ports(place: str, node: Component | External) -> Iterator[Problem]:
    for number, count in _repeated(port.number for port in node.ports):
        yield Problem(place, f"port {number} is there {count} times", "give each port its own number")
    for name, count in _repeated(port.name for port in node.ports):
        yield Problem(place, f"the port name {name!r} is there {count} times", "give each port its own name")
    for port in node.ports:
        yield from read_otherwise(place, "port name", port.name)
        if not PORT_NAME.fullmatch(port.name):
            fix = "use at most 15 lower-case letters, digits and single dashes, beginning with a letter"
            yield Problem(place, f"{port.name!r} is no name of a port", fix)
        if not 0 < port.number <= LAST_PORT:
            yield Problem(place, f"{port.number} is no port", f"choose one from 1 to {LAST_PORT}")


def _labels(place: str, labels: Mapping[str, str], own: Collection[str] = OWN_LABELS) -> Iterator[Problem]:
    for key, value in labels.items():
        if key in own:
            yield Problem(place, f"label {key} is written by the generator", "choose another key")
        if not LABEL_KEY.fullmatch(key):
            fix = "use at most 63 letters, digits, . _ and -, with a letter or digit at both ends"
            yield Problem(place, f"{key!r} is no key of a label", fix)
        if not LABEL_VALUE.fullmatch(value):
            fix = "use at most 63 letters, digits, . _ and -, with a letter or digit at both ends"
            yield Problem(place, f"label {key!r} is {value!r}", fix)


def _schemas(catalogue: Catalogue) -> Iterator[Problem]:
    owners = [component for component in catalogue.components if component.schema]
    for owner in owners:
        if owner.schema and not SCHEMA.fullmatch(owner.schema.name):
            fix = "use at most 63 lower-case letters, digits and _, beginning with a letter, and not with pg_"
            yield Problem(where(owner), f"{owner.schema.name!r} is no name of a schema", fix)
        elif owner.schema and not reads_as_text(owner.schema.name):
            yield from read_otherwise(where(owner), "schema", owner.schema.name)
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
        if topic.name.startswith("__"):
            yield Problem(place, "topics of that kind are Kafka's own", "use a name that does not begin with __")
        yield from read_otherwise(place, "topic", topic.name)
        if topic.name.endswith(DEAD_LETTER_SUFFIX):
            yield Problem(place, "dead-letter topics are derived", f"use a name without {DEAD_LETTER_SUFFIX}")


def _buckets(catalogue: Catalogue) -> Iterator[Problem]:
    for name, count in _repeated(bucket.name for bucket in catalogue.buckets):
        yield Problem(places.entry(places.BUCKETS, name), f"the bucket is there {count} times", "keep one")
    for bucket in catalogue.buckets:
        if not BUCKET.fullmatch(bucket.name):
            fix = "use 3 to 63 lower-case letters, digits, dashes and dots"
            yield Problem(places.entry(places.BUCKETS, bucket.name), "is no name of a bucket", fix)
        yield from read_otherwise(places.entry(places.BUCKETS, bucket.name), "bucket", bucket.name)
    for name, count in _repeated(dashboard.name for dashboard in catalogue.dashboards):
        yield Problem(places.COMPONENTS, f"the dashboard {name!r} is there {count} times", "keep one")
    for dashboard in catalogue.dashboards:
        yield from read_otherwise(places.COMPONENTS, "dashboard", dashboard.name)
        for row in dashboard.rows:
            if not row.panels:
                message = f"row {row.title!r} of the dashboard {dashboard.name!r} has no panels"
                yield Problem(places.COMPONENTS, message, "add one, or remove the row")
        if dashboard.name in DERIVED:
            yield Problem(places.COMPONENTS, f"the dashboard {dashboard.name!r} is derived", "choose another name")
        if not NAME.fullmatch(dashboard.name):
            fix = "use at most 52 lower-case letters, digits and dashes, beginning with a letter"
            yield Problem(places.COMPONENTS, f"{dashboard.name!r} is not a valid name of a dashboard", fix)
