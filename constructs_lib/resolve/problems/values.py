"""Numbers and quantities that no cluster would take, or that contradict each other."""

from collections.abc import Callable, Iterator, Mapping

from constructs_lib.defaults import DRAIN_SECONDS
from constructs_lib.model import Catalogue, Component, External, Resources, Topic
from constructs_lib.probe import Probe
from constructs_lib.problem import Problem
from constructs_lib.quantity import in_bytes, millicores
from constructs_lib.resolve.problems import places
from constructs_lib.resolve.problems.names import NAME
from constructs_lib.resolve.problems.places import where
from constructs_lib.resolve.topics import brokers
from constructs_lib.types import type_of
from constructs_lib.yaml_words import reads_as_text

PROTOCOLS = ("TCP", "UDP", "SCTP")
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
FOREVER = -1
LAST_UID = 2**31 - 1


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Of components and topics."""
    partitions = {topic.name: topic.partitions for topic in catalogue.topics}
    for component in catalogue.components:
        for defect, fix in (*_component(component), *_autoscale(component, partitions)):
            yield Problem(where(component), defect, fix)
    most = max(brokers(catalogue), 1)
    for topic in catalogue.topics:
        for defect, fix in _topic(topic, most):
            yield Problem(places.entry(places.TOPICS, topic.name), defect, fix)
    for external in catalogue.externals:
        yield from _external(external)


Defects = Iterator[tuple[str, str]]
"""(what, fix) pairs; their entry is known to the caller."""


def _component(component: Component) -> Defects:
    if component.replicas < 1:
        yield f"replicas is {component.replicas}", "ask for 1 at least; a component that is not wanted is removed"
    if not 0 < component.uid <= LAST_UID:
        yield f"uid {component.uid} is root's or none", f"choose one from 1 to {LAST_UID}, such as 10001"
    if component.schema and component.schema.connections < 1:
        yield f"schema.connections is {component.schema.connections}", "write 1 at least, as many as its pool opens"
    least = DRAIN_SECONDS if type_of(component).drains else 0
    if component.grace_period <= least:
        fix = f"choose more than the {least} seconds in which a stopping pod of its type still serves"
        yield f"grace_period is {component.grace_period}", fix
    if component.resources:
        yield from _resources(component.resources)
    if component.probes:
        for name in ("liveness", "readiness", "startup"):
            yield from _probe(component, name, getattr(component.probes, name))
    yield from _storage(component)
    yield from _access(component)


def _autoscale(component: Component, partitions: Mapping[str, int]) -> Defects:
    autoscale = component.autoscale
    if autoscale is None:
        if component.autoscaled:
            yield "it is autoscaled, and does not say how", "add autoscale=Autoscale(...)"
        return
    if autoscale.min < 1:
        yield f"autoscale.min is {autoscale.min}", "ask for 1 at least: from 0 no use of CPU leads back"
    if autoscale.max < autoscale.min:
        yield f"autoscale.max {autoscale.max} is below min {autoscale.min}", f"raise it to {autoscale.min} or more"
    if autoscale.cpu_percent < 1:
        yield f"autoscale.cpu_percent is {autoscale.cpu_percent}", "write percent of the requested CPU, such as 70"
    for topic in sorted(set(component.consumes.values())):
        # Each partition has one consumer of the group, so that further ones take no share of the work.
        if autoscale.max > partitions.get(topic, autoscale.max):
            defect = f"autoscale.max is {autoscale.max}, and topic {topic} has {partitions[topic]} partitions"
            yield defect, f"choose at most {partitions[topic]}, or give the topic more partitions"


def _resources(resources: Resources) -> Defects:
    for name, read, request, limit in (
        ("cpu", millicores, resources.cpu, resources.cpu_limit),
        ("memory", in_bytes, resources.memory, resources.memory_limit),
    ):
        numbers = []
        for field, text in ((name, request), (f"{name}_limit", limit)):
            complaint = _no_quantity(read, text)
            if complaint:
                yield f"{field} is {text!r}", complaint
            else:
                numbers.append(read(text))
        match numbers:
            case [asked, most] if most < asked:
                defect = f"{name}_limit {limit} is below {name} {request}"
                yield defect, f"raise the limit to {request} or more: the API server refuses the pod"


def _no_quantity(read: Callable[[str], int], text: str) -> str:
    """How to write it, where it is no quantity above nothing."""
    try:
        number = read(text)
    except ValueError as error:
        return str(error).rpartition(": ")[2]
    if read is in_bytes and text.endswith(("m", "u", "n")):
        # Legal in Kubernetes, which rounds it up to a byte: nobody means that.
        return "write it in Mi or Gi"
    return "" if number > 0 else "write more than nothing"


def _probe(component: Component, name: str, probe: Probe) -> Defects:
    ports = [port.name for port in component.ports]
    if not probe.command and probe.port not in ports:
        yield f"the {name} probe asks port {probe.port!r}, which is not there", f"it has: {', '.join(ports) or 'none'}"
    if probe.command and probe.port != Probe().port:
        yield f"the {name} probe has a port and a command", "keep one"
    if probe.command and probe.path:
        yield f"the {name} probe has a path and a command", "keep one"
    if probe.path is not None and not probe.path.startswith("/"):
        yield f"the {name} probe asks path {probe.path!r}", "begin it with a slash"
    for field, least in (("initial_delay", 0), ("period", 1), ("timeout", 1), ("failures", 1)):
        number = getattr(probe, field)
        if number < least:
            yield f"{field} of the {name} probe is {number}", f"write {least} or more"


def _storage(component: Component) -> Defects:
    storage = component.storage
    if storage is None:
        return
    if complaint := _no_quantity(in_bytes, storage.size):
        yield f"storage.size is {storage.size!r}", complaint
    if not storage.mount_path.startswith("/") or ":" in storage.mount_path:
        yield f"storage.mount_path is {storage.mount_path!r}", "begin it with a slash, and use no colon"
    if not NAME.fullmatch(storage.claim):
        yield f"storage.claim {storage.claim!r} is no name", "use lower-case letters, digits and dashes"
    elif not reads_as_text(storage.claim):
        yield f"storage.claim {storage.claim!r} is not text to YAML", "choose another name"


def _access(component: Component) -> Defects:
    for rule in component.access:
        if not rule.resources or not rule.verbs:
            yield "a rule of its access names no resources or no verbs", "name both, or remove the rule"
        for verb in sorted(set(rule.verbs) - set(VERBS)):
            yield f"{verb!r} is no verb of the Kubernetes API", f"use {', '.join(VERBS)}"


def _topic(topic: Topic, brokers: int) -> Defects:
    if topic.partitions < 1:
        yield f"partitions is {topic.partitions}", "ask for 1 at least"
    if topic.retention_ms < 1 and topic.retention_ms != FOREVER:
        yield f"retention_ms is {topic.retention_ms}", f"write milliseconds, or {FOREVER} for ever"
    if topic.replication is not None and not 1 <= topic.replication <= brokers:
        fix = f"the number of brokers is {brokers}: leave it out, or choose 1 to {brokers}"
        yield f"replication is {topic.replication}", fix


def _external(external: External) -> Iterator[Problem]:
    place = places.entry(places.EXTERNALS, external.name)
    if external.pod_labels and external.namespace is None:
        yield Problem(place, "it has pod_labels, but no namespace", "add the namespace of its pods")
    for protocol in sorted(set(external.protocols) - set(PROTOCOLS)):
        yield Problem(place, f"{protocol!r} is no protocol", f"use {', '.join(PROTOCOLS)}")
