"""Rules about names that have to meet: Services and pods, ConfigMaps, Secrets, claims, service accounts."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.footprint import claims
from constructs_lib.problem import Problem

# Not of names that a script fills in, such as those of its own pods.
HOST = re.compile(r"(?<![A-Za-z0-9.}{_-])[a-z0-9-]+\.[a-z0-9-]+\.svc\.cluster\.local")
MAKERS = {"SealedSecret": "template", "ExternalSecret": "target", "Certificate": "secretName"}
"""Kinds of operators that make a Secret of unknown keys -> the field of their spec that may name it."""

Reference = tuple[str, str, str | None]
"""Kind, name, and a key or None for all keys."""


def services_select_pods(inputs: Inputs) -> Iterator[Problem]:
    """A Service that selects nothing, or a port that no container has, answers nobody."""
    filled = {endpoint_slice.labels.get("kubernetes.io/service-name") for endpoint_slice in inputs.of("EndpointSlice")}
    for service in inputs.of("Service"):
        spec = service.spec
        if spec.get("type") == "ExternalName" or service.name in filled or inputs.invalid_pods(service.namespace):
            continue
        pods = [workload for workload in inputs.workloads() if selects(spec.get("selector") or {}, service, workload)]
        if not pods:
            yield Problem(service.where, "it selects no pod", "correct its selector or the pods' labels")
            continue
        if not spec.get("ports") and spec.get("clusterIP") != "None":
            yield Problem(service.where, "it has no ports", "name a port, or make it headless with clusterIP: None")
        ports = {port for pod in pods for container in pod.containers for port in _ports(container)}
        for port in spec.get("ports") or []:
            target = port.get("targetPort", port["port"])
            if (port.get("protocol", "TCP"), target) not in ports:
                yield Problem(service.where, f"no pod has port {target}", "name a port of the container")


def selects(labels: Mapping[str, str], selecting: Rendered, workload: Rendered) -> bool:
    """Whether the labels select the workload's pods, in the same namespace."""
    return bool(labels) and workload.namespace == selecting.namespace and labels.items() <= workload.pod_labels.items()


def _ports(container: Mapping[str, Any]) -> Iterator[tuple[str, int | str]]:
    """(protocol, number or name)."""
    for port in container.get("ports") or []:
        protocol = port.get("protocol", "TCP")
        yield protocol, port["containerPort"]
        yield protocol, port.get("name", port["containerPort"])


def backends_exist(inputs: Inputs) -> Iterator[Problem]:
    """What an Ingress or an HTTPRoute routes to is a Service with that port."""
    ports = {
        (service.namespace, service.name, port.get(field))
        for service in inputs.of("Service")
        for port in service.spec.get("ports") or []
        for field in ("port", "name")
    }
    for route in inputs.of("Ingress", "HTTPRoute"):
        for namespace, name, port in _backends(route):
            if (namespace, name, port) not in ports and not inputs.is_invalid("Service", namespace, name):
                yield Problem(route.where, f"there is no Service {name} with port {port}", "correct the backend")


def _backends(route: Rendered) -> Iterator[tuple[str, str, int | str | None]]:
    """(namespace, Service, port's number or name)."""
    spec = route.spec
    if route.kind == "Ingress":
        paths = [path for rule in spec.get("rules") or [] for path in (rule.get("http") or {}).get("paths") or []]
        for backend in (spec.get("defaultBackend"), *(path.get("backend") for path in paths)):
            if service := (backend or {}).get("service"):
                port = service.get("port") or {}
                yield route.namespace, service["name"], port.get("number", port.get("name"))
        return
    for rule in spec.get("rules") or []:
        for backend in rule.get("backendRefs") or []:
            if backend.get("kind", "Service") == "Service":
                yield backend.get("namespace", route.namespace), backend["name"], backend.get("port")


def configuration_exists(inputs: Inputs) -> Iterator[Problem]:
    """Every ConfigMap and Secret that a container needs, key by key; Secrets are those of the plan, and given ones."""
    known = dict(_configuration(inputs))
    for workload in inputs.workloads():
        for kind, name, key in dict.fromkeys(_references(workload)):
            place = kind, workload.namespace, name
            if inputs.is_invalid(*place) or (place in known and known[place] is None):
                continue
            keys = known.get(place)
            if keys is None:
                yield Problem(workload.where, f"there is no {kind} {name}", "make it, or correct the name")
            elif key is not None and key not in keys:
                has = f"it has: {', '.join(sorted(keys)) or 'none'}"
                yield Problem(workload.where, f"{kind} {name} has no key {key}", has)


def _configuration(inputs: Inputs) -> Iterator[tuple[tuple[str, str, str], set[str] | None]]:
    """(kind, namespace, name) -> keys; None where an operator makes it, and nobody knows them."""
    given = (plan for component in inputs.platform.components for plan in component.more_secrets)
    for plan in (*inputs.platform.secrets, *given):
        yield ("Secret", plan.namespace, plan.name), set(plan.keys)
    for obj in inputs.of("ConfigMap", "Secret"):
        fields = ("data", "binaryData", "stringData")
        yield obj.identity, {key for field in fields for key in obj.manifest.get(field) or {}}
    for maker in inputs.of(*MAKERS):
        target = maker.spec.get(MAKERS[maker.kind])
        named = target.get("name") if isinstance(target, Mapping) else target
        yield ("Secret", maker.namespace, str(named or maker.name)), None


def _references(workload: Rendered) -> Iterator[Reference]:
    """Everything that the pods cannot start without."""
    for container in workload.containers:
        yield from _variables(container)
    for volume in workload.volumes:
        for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
            yield from _files(source)
    for secret in workload.pod.get("imagePullSecrets") or []:
        if secret.get("name"):
            yield "Secret", secret["name"], None


def _files(source: Mapping[str, Any]) -> Iterator[Reference]:
    for field, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        reference = source.get(field) or {}
        named = reference.get(name) or reference.get("name")
        if named and not reference.get("optional"):
            yield from ((kind, named, item["key"]) for item in reference.get("items") or [{"key": None}])


def _variables(container: Mapping[str, Any]) -> Iterator[Reference]:
    sources = [(source, "configMapRef", "secretRef") for source in container.get("envFrom") or []]
    values = (variable.get("valueFrom") or {} for variable in container.get("env") or [])
    for source, *fields in [*sources, *((value, "configMapKeyRef", "secretKeyRef") for value in values)]:
        for field, kind in zip(fields, ("ConfigMap", "Secret"), strict=True):
            reference = source.get(field) or {}
            if reference.get("name") and not reference.get("optional"):
                yield kind, reference["name"], reference.get("key")


def hosts_exist(inputs: Inputs) -> Iterator[Problem]:
    """An address in a ConfigMap or a variable is one that a component or an external node of the catalogue has."""
    known = {component.host for component in inputs.platform.components}
    known |= {external.host for external in inputs.platform.catalogue.externals if external.host}
    for obj in inputs.rendered:
        texts = list((obj.manifest.get("data") or {}).values()) if obj.kind == "ConfigMap" else []
        texts += [variable.get("value", "") for c in obj.containers for variable in c.get("env") or []]
        for host in sorted({host for text in texts for host in HOST.findall(text)} - known):
            yield Problem(obj.where, f"no Service has the address {host}", "correct it, or add the dependency")


def volumes_exist(inputs: Inputs) -> Iterator[Problem]:
    """Claims that pods mount, volumes that containers mount, and no claim that nobody mounts."""
    made = list(claims(obj.manifest for obj in inputs.rendered))
    mounted: set[tuple[str, str]] = set()
    for workload in inputs.workloads():
        names = {volume["name"] for volume in workload.volumes}
        names |= {(template.get("metadata") or {}).get("name") for template in workload.claim_templates}
        for name in dict.fromkeys(name for c in workload.containers for name in _mounts(c) if name not in names):
            yield Problem(workload.where, f"there is no volume {name}", "add it to the pod")
        for volume in workload.volumes:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if not claim:
                continue
            mounted.add((workload.namespace, claim))
            known = any(one.covers(workload.namespace, claim) for one in made)
            if not known and not inputs.is_invalid("PersistentVolumeClaim", workload.namespace, claim):
                yield Problem(workload.where, f"there is no claim {claim}", "make it in the same tier")
    for pvc in inputs.of("PersistentVolumeClaim"):
        if (pvc.namespace, pvc.name) not in mounted and not inputs.invalid_pods(pvc.namespace):
            yield Problem(pvc.where, "no pod mounts it", "mount it, or remove it")


def _mounts(container: Mapping[str, Any]) -> Iterator[str]:
    for field in ("volumeMounts", "volumeDevices"):
        yield from (mount["name"] for mount in container.get(field) or [])


def accounts_exist(inputs: Inputs) -> Iterator[Problem]:
    """A pod whose service account is missing never starts; a binding to nobody, or of no role, grants nothing."""
    known = {obj.identity for obj in (*inputs.of("ServiceAccount", "Role"), *inputs.invalid)}
    for workload in inputs.workloads():
        account = workload.pod.get("serviceAccountName")
        if account and not _has_account(known, workload.namespace, account):
            yield Problem(workload.where, f"there is no service account {account}", "make it beside the workload")
    for binding in inputs.of("RoleBinding", "ClusterRoleBinding"):
        for subject in binding.manifest.get("subjects") or []:
            namespace = subject.get("namespace", binding.namespace)
            if subject["kind"] == "ServiceAccount" and not _has_account(known, namespace, subject["name"]):
                yield Problem(binding.where, f"there is no service account {subject['name']}", "correct the subject")
        role = binding.manifest["roleRef"]
        if role["kind"] == "Role" and ("Role", binding.namespace, role["name"]) not in known:
            yield Problem(binding.where, f"there is no Role {role['name']}", "correct roleRef")


def _has_account(known: Collection[tuple[str, str, str]], namespace: str, name: str) -> bool:
    """Whether it is one of these; the API server itself makes the account `default` of each namespace."""
    return name == "default" or ("ServiceAccount", namespace, name) in known
