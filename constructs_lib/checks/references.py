"""Rules about names that have to meet: Services and pods, ConfigMaps, Secrets, claims, service accounts."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.footprint import claims
from constructs_lib.problem import Problem

# Not of names that a script fills in, such as those of its own pods.
HOST = re.compile(r"(?<![A-Za-z0-9.}{_-])[a-z0-9-]+\.[a-z0-9-]+\.svc\.cluster\.local")


def services_select_pods(inputs: Inputs) -> Iterator[Problem]:
    """A Service that selects nothing, or a port that no container has, answers nobody."""
    for service in inputs.of("Service"):
        spec = service.manifest["spec"]
        pods = [found for found in inputs.workloads() if selects(spec.get("selector") or {}, service, found)]
        if not pods:
            yield Problem(service.where, "it selects no pod", "correct its selector or the pods' labels")
            continue
        ports = {port for pod in pods for container in pod.containers for port in _ports(container)}
        for port in spec["ports"]:
            if port.get("targetPort", port["port"]) not in ports:
                fix = "name a port of the container"
                yield Problem(service.where, f"no pod has port {port.get('targetPort', port['port'])}", fix)


def selects(labels: Mapping[str, str], selecting: Rendered, workload: Rendered) -> bool:
    """Whether the labels select the workload's pods, in the same namespace."""
    found = workload.template["metadata"].get("labels", {})
    return bool(labels) and workload.namespace == selecting.namespace and labels.items() <= found.items()


def _ports(container: Mapping[str, Any]) -> Iterator[int | str]:
    for port in container.get("ports", []):
        yield port["containerPort"]
        yield port.get("name", port["containerPort"])


def backends_exist(inputs: Inputs) -> Iterator[Problem]:
    """What an Ingress or an HTTPRoute routes to is a Service with that port."""
    ports = {
        (service.namespace, service.name, port["port"])
        for service in inputs.of("Service")
        for port in service.manifest["spec"]["ports"]
    }
    for route in inputs.of("Ingress", "HTTPRoute"):
        for name, port in _backends(route.manifest["spec"]):
            if (route.namespace, name, port) not in ports:
                yield Problem(route.where, f"there is no Service {name} with port {port}", "correct the backend")


def _backends(spec: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for rule in spec.get("rules", []):
        for path in (rule.get("http") or {}).get("paths", []):
            yield path["backend"]["service"]["name"], path["backend"]["service"]["port"]["number"]
        for backend in rule.get("backendRefs", []):
            yield backend["name"], backend["port"]


def configuration_exists(inputs: Inputs) -> Iterator[Problem]:
    """Every ConfigMap and Secret that a container names, key by key; Secrets are those that the plan makes."""
    known = {
        "ConfigMap": {(m.namespace, m.name): set(m.manifest.get("data") or {}) for m in inputs.of("ConfigMap")},
        "Secret": {(plan.namespace, plan.name): set(plan.keys) for plan in inputs.platform.secrets},
    }
    for workload in inputs.workloads():
        for kind, name, key in _references(workload):
            keys = known[kind].get((workload.namespace, name))
            if keys is None:
                yield Problem(workload.where, f"there is no {kind} {name}", "make it, or correct the name")
            elif key is not None and key not in keys:
                yield Problem(workload.where, f"{kind} {name} has no key {key}", f"it has: {', '.join(sorted(keys))}")


def _references(workload: Rendered) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key or None for all keys) of everything that the pods read."""
    for container in workload.containers:
        yield from _variables(container)
    for volume in workload.template["spec"].get("volumes", []):
        if "configMap" in volume:
            for item in volume["configMap"].get("items") or [{"key": None}]:
                yield "ConfigMap", volume["configMap"]["name"], item["key"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"], None


def _variables(container: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for source in container.get("envFrom", []):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if field in source:
                yield kind, source[field]["name"], None
    for variable in container.get("env", []):
        source = variable.get("valueFrom") or {}
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if field in source:
                yield kind, source[field]["name"], source[field]["key"]


def hosts_exist(inputs: Inputs) -> Iterator[Problem]:
    """An address in a ConfigMap or a variable is one that a component or an external node of the catalogue has."""
    known = {component.host for component in inputs.platform.components}
    known |= {external.host for external in inputs.platform.catalogue.externals if external.host}
    for found in inputs.rendered:
        texts = [str(value) for value in (found.manifest.get("data") or {}).values() if found.kind == "ConfigMap"]
        texts += [str(variable.get("value", "")) for c in found.containers for variable in c.get("env", [])]
        for host in sorted({host for text in texts for host in HOST.findall(text)} - known):
            yield Problem(found.where, f"no Service has the address {host}", "correct it, or add the dependency")


def volumes_exist(inputs: Inputs) -> Iterator[Problem]:
    """Claims that pods mount, and volumes that containers mount."""
    made = {(namespace, name) for namespace, name, _ in claims(found.manifest for found in inputs.rendered)}
    for workload in inputs.workloads():
        spec = workload.template["spec"]
        templates = workload.manifest["spec"].get("volumeClaimTemplates", [])
        names = {volume["name"] for volume in spec.get("volumes", [])} | {t["metadata"]["name"] for t in templates}
        for container in workload.containers:
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in names:
                    yield Problem(workload.where, f"there is no volume {mount['name']}", "add it to the pod")
        for volume in spec.get("volumes", []):
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and (workload.namespace, claim) not in made:
                yield Problem(workload.where, f"there is no claim {claim}", "make it in the same tier")


def accounts_exist(inputs: Inputs) -> Iterator[Problem]:
    """A pod whose service account is missing never starts; a binding to nobody grants nothing."""
    made = {(found.namespace, found.name) for found in inputs.of("ServiceAccount")}
    for workload in inputs.workloads():
        account = workload.template["spec"].get("serviceAccountName")
        if account and (workload.namespace, account) not in made:
            yield Problem(workload.where, f"there is no service account {account}", "make it beside the workload")
    for binding in inputs.of("RoleBinding"):
        for subject in binding.manifest["subjects"]:
            if (subject["namespace"], subject["name"]) not in made:
                yield Problem(binding.where, f"there is no service account {subject['name']}", "correct the subject")
