"""The platform with three Kafka brokers, and what each of its pods is told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalogue.components import CATALOGUE
from constructs_lib.model import Port

KAFKA = CATALOGUE.component("kafka")
CLUSTER = replace(KAFKA, replicas=3, ports=(*KAFKA.ports, Port(name="controller", number=9093)))
THREE_BROKERS = replace(CATALOGUE, components=tuple(CLUSTER if one is KAFKA else one for one in CATALOGUE.components))
Manifest = Mapping[str, Any]


def variables(objects: Sequence[Manifest], ordinal: int) -> dict[str, str]:
    """The environment variables of pod `ordinal` of the StatefulSet among the objects, as a kubelet makes them."""
    (workload,) = (one for one in objects if one["kind"] == "StatefulSet")
    maps = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    told: dict[str, str] = {}
    for source in container["envFrom"]:
        told |= maps[source["configMapRef"]["name"]]
    fields = {
        "metadata.name": f"{workload['metadata']['name']}-{ordinal}",
        "metadata.labels['apps.kubernetes.io/pod-index']": str(ordinal),
    }
    for one in container.get("env", []):
        # Only what comes before it in the list is expanded.
        value = fields[one["valueFrom"]["fieldRef"]["fieldPath"]] if "valueFrom" in one else one["value"]
        told[one["name"]] = re.sub(r"\$\((\w+)\)", lambda name: told[name[1]], value)
    return told
