"""Rules about life in a cluster: order, disruption, Jobs, drift, names, sizes."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from constructs_lib.checks.label_sets import POD, holds, labels_of, selected_pods
from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.overlays import sources
from constructs_lib.checks.placement import HOSTNAME, spreads
from constructs_lib.command import SETTINGS, SYNTH
from constructs_lib.footprint import at_most, part, replicas
from constructs_lib.gitops.argo_cd import (
    BEFORE_TIERS,
    WAVE,
    kind_name,
    root_path,
    tier_path,
)
from constructs_lib.gitops.prefix import prefix
from constructs_lib.job_names import HASH_DIGITS, config_data, named_by_content
from constructs_lib.pods import LONG_RUNNING
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.env_vars import SECRET_NAME, SECRET_URL
from constructs_lib.resolve.problems.names import LABEL_VALUE, NAMESPACE
from constructs_lib.resolve.variation import operators

DNS_LABEL = NAMESPACE, "use at most 63 lower-case letters, digits and dashes"
DNS_NAME = (
    re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"),
    "use lower-case letters, digits, dashes and dots",
)
SEGMENT = re.compile(r"(?!\.\.?\Z)[^/%]+"), "use no slash and no percent sign"
SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"), f"begin it with a letter, and {DNS_LABEL[1]}"
CRON_JOB = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?"), "use at most 52 lower-case letters, digits and dashes"
NAMES = {
    **dict.fromkeys(("Namespace", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), DNS_LABEL),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), SEGMENT),
    "Service": SERVICE,
    "CronJob": CRON_JOB,
}
"""Kind -> pattern of legal names, and the fix; the names of workloads become labels of their pods."""
SIZE_LIMIT = 262_144
"""Bytes: above it, no annotation holds the object, and clients without server-side apply fail."""

SYNC, KEPT = "argocd.argoproj.io/sync-options", "Prune=false"
COMPARE, EXTRANEOUS = "argocd.argoproj.io/compare-options", "IgnoreExtraneous"


def edges_go_to_earlier_tiers(inputs: Inputs) -> Iterator[Problem]:
    """Each Application is in the wave of its tier, and none of them in the last wave: Argo CD does not wait for that.

    That dependencies go to earlier tiers is validated before anything is rendered.
    """
    platform = inputs.platform
    wanted: dict[str, int | str] = {
        f"Application {inputs.settings.application(tier)}": platform.catalogue.wave(tier)
        for tier in inputs.settings.tiers
    }
    wanted[f"ConfigMap {inputs.settings.released}"] = len(platform.waves)
    for operator in operators(platform, inputs.settings.traits):
        wanted[f"Application {inputs.settings.application(operator.application)}"] = BEFORE_TIERS
    waves = {
        f"{manifest['kind']} {manifest['metadata']['name']}": (manifest["metadata"].get("annotations") or {}).get(WAVE)
        for manifest in inputs.argo_cd
    }
    for where, wave in wanted.items():
        actual = waves.get(where)
        if actual != str(wave):
            yield Problem(where, f"wave {actual}, not {wave}", SYNTH)


def drainable(inputs: Inputs) -> Iterator[Problem]:
    """A PodDisruptionBudget selects pods, and lets at least one of them go; several nodes do not lose all replicas."""
    for budget in inputs.of("PodDisruptionBudget"):
        if inputs.invalid_pods(budget.namespace):
            continue
        selected = _selector(budget)
        pods = [
            workload
            for workload in inputs.workloads()
            if workload.kind in LONG_RUNNING and workload.namespace == budget.namespace
            if selected(workload)
        ]
        number = sum(replicas(workload.manifest) for workload in pods)
        if not pods:
            yield Problem(budget.where, "it selects no pods", "correct its selector")
        elif number and _removable(budget.spec, number) < 1:
            message = f"none of {number} pods may go: no node can be drained"
            yield Problem(budget.where, message, "use maxUnavailable: 1")
    if inputs.settings.nodes and inputs.settings.nodes.count > 1:
        yield from _gone_with_a_node(inputs)


def _gone_with_a_node(inputs: Inputs) -> Iterator[Problem]:
    """Workloads whose replicas may all run on one node, or are all evicted at once when nodes are drained."""
    most = at_most(obj.manifest for obj in inputs.rendered)
    selectors = [(budget.namespace, _selector(budget)) for budget in inputs.of("PodDisruptionBudget")]
    for workload, manifest in zip(inputs.rendered, most, strict=True):
        if workload.kind not in LONG_RUNNING or not workload.runs_pods or replicas(manifest) <= 1:
            continue
        if not spreads(workload):
            message = f"its {replicas(manifest)} replicas may all run on one node"
            yield Problem(workload.where, message, f"add a topologySpreadConstraint by {HOSTNAME}")
        if not any(namespace == workload.namespace and selected(workload) for namespace, selected in selectors):
            message = f"no PodDisruptionBudget selects its {replicas(manifest)} replicas: a drain may evict all at once"
            yield Problem(workload.where, message, "add one with maxUnavailable: 1")


def _selector(budget: Rendered) -> Callable[[Rendered], bool]:
    """Whether it selects a workload's pods, whatever their namespace; InvalidInput where its selector is not legal."""
    selector = budget.spec.get("selector")
    wanted = None if selector is None else selected_pods(budget.where, "the budget", selector)
    return lambda workload: wanted is not None and holds(wanted, labels_of(POD, workload.pod_labels))


def _removable(spec: Mapping[str, Any], number: int) -> int:
    """Kubernetes rounds both percentages up."""
    if "maxUnavailable" in spec:
        return part(spec["maxUnavailable"], number)
    return number - part(spec.get("minAvailable", 1), number)


def jobs_are_final(inputs: Inputs) -> Iterator[Problem]:
    """A Job's name says what it runs: a template that changes under the same name is refused by the API server."""
    data = config_data(config_map.manifest for config_map in inputs.of("ConfigMap"))
    for job in inputs.of("Job"):
        for field in ("ttlSecondsAfterFinished", "activeDeadlineSeconds"):
            if field in job.spec:
                message = f"{field} is set: a Job that goes away, or ends by time, stays OutOfSync or Degraded"
                yield Problem(job.where, message, "remove it")
        component = job.name[: -HASH_DIGITS - 1]
        wanted = named_by_content(dict(job.manifest), component, data)["metadata"]["name"]
        if job.name != wanted:
            message = f"by its content its name is {wanted}"
            yield Problem(job.where, message, "let no overlay change a Job or its ConfigMaps; change the catalogue")


def no_drift(inputs: Inputs) -> Iterator[Problem]:
    """Nothing that the API server completes in a way that Argo CD sees as a difference, and no hooks inside a tier."""
    for obj in inputs.rendered:
        for template in obj.claim_templates:
            for key, value in (("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")):
                if template.get(key) != value:
                    yield Problem(obj.where, f"a volume claim template has no {key}", f"write {key}: {value}")
            if "volumeMode" not in (template.get("spec") or {}):
                yield Problem(obj.where, "a volume claim template has no volumeMode", "write volumeMode: Filesystem")
        yield from _holding_annotations(obj)
    for identity, count in Counter((obj.group, *obj.identity) for obj in inputs.rendered).items():
        if count > 1:
            where = "/".join(identity[1:])
            yield Problem(where, f"{count} tiers have it, and would fight for it", "keep it in one tier")


def _holding_annotations(obj: Rendered) -> Iterator[Problem]:
    annotations = obj.annotations
    for key in annotations:
        if key in ("argocd.argoproj.io/hook", WAVE):
            yield Problem(obj.where, f"annotation {key} inside a tier", "move the object to another tier")
    if KEPT in annotations.get(SYNC, "") and EXTRANEOUS not in annotations.get(COMPARE, ""):
        message = "it is kept, and once it has left git it would hold all later waves"
        yield Problem(obj.where, message, f"annotate it with {COMPARE}: {EXTRANEOUS}, too")


def legal_names(inputs: Inputs) -> Iterator[Problem]:
    """Names that the API server takes, and labels of at most 63 characters."""
    for obj in inputs.rendered:
        pattern, fix = NAMES.get(obj.kind, DNS_NAME)
        if not pattern.fullmatch(obj.name):
            yield Problem(obj.where, "its name is not legal", fix)
        for key, value in (*obj.labels.items(), *obj.pod_labels.items()):
            if not LABEL_VALUE.fullmatch(value):
                yield Problem(obj.where, f"label {key} is {value!r}", "use at most 63 letters, digits, . _ and -")


def small_enough(inputs: Inputs) -> Iterator[Problem]:
    """Objects below what an annotation can hold."""
    for obj in inputs.rendered:
        size = len(json.dumps(obj.manifest).encode())
        if size > SIZE_LIMIT:
            yield Problem(obj.where, f"it has {size} bytes, more than {SIZE_LIMIT}", "split it")


def no_secret_data(inputs: Inputs) -> Iterator[Problem]:
    """Nothing secret is in git: neither in Secrets, nor in variables, nor in ConfigMaps."""
    for secret in inputs.of("Secret"):
        if secret.manifest.get("data") or secret.manifest.get("stringData"):
            yield Problem(secret.where, "a Secret with data", "let the credentials Job make it")
    for obj in inputs.rendered:
        for name, value in _told(obj):
            if SECRET_NAME.search(name) and value:
                yield Problem(obj.where, f"{name} has a value", "take it from a Secret")
            elif SECRET_URL.search(value):
                yield Problem(obj.where, f"{name} has a password in an address", "take it from a Secret")


def _told(obj: Rendered) -> Iterator[tuple[str, str]]:
    """(name, value) of each variable that is written out, and of each entry of a ConfigMap."""
    for container in obj.containers:
        for variable in container.get("env") or []:
            yield variable["name"], variable.get("value", "")
    if obj.kind == "ConfigMap":
        yield from (obj.manifest.get("data") or {}).items()


def project_allows(inputs: Inputs) -> Iterator[Problem]:
    """Each Application's project allows its repository, its destination, and every object; its folder is the tier's."""
    projects = {one["metadata"]["name"]: one["spec"] for one in inputs.argo_cd if one["kind"] == "AppProject"}
    paths = _paths(inputs)
    for application in inputs.argo_cd:
        if application["kind"] != "Application":
            continue
        where = f"Application {application['metadata']['name']}"
        spec = application["spec"]
        path, wanted = (spec.get("source") or {}).get("path"), paths.get(where)
        if wanted is not None and path != wanted:
            yield Problem(where, f"its path in the git repository is {path!r}, not {wanted!r}", SYNTH)
        project = projects.get(spec["project"])
        sources = [source for source in (spec.get("source"), *spec.get("sources", ())) if source]
        if project is None:
            yield Problem(where, f"there is no project {spec['project']}", SYNTH)
        elif (
            {source["repoURL"] for source in sources} - set(project.get("sourceRepos", ()))
            or spec["destination"] not in project.get("destinations", ())
        ):  # fmt: skip
            yield Problem(where, f"project {spec['project']} refuses its source or its destination", SYNTH)
    name = inputs.settings.platform_project
    if name in projects:
        for obj in (one for one in inputs.rendered if one.source is None):
            yield from _refused(inputs, obj, name, projects[name])


def _paths(inputs: Inputs) -> dict[str, str]:
    """Application -> the folder that it applies, from the top of the git repository."""
    settings, place = inputs.settings, prefix(inputs.root)
    tiers = {f"Application {settings.application(t)}": tier_path(settings, t, place) for t in settings.tiers}
    return {f"Application {settings.applications}": root_path(settings, place)} | tiers


def _refused(inputs: Inputs, obj: Rendered, name: str, project: Mapping[str, Any]) -> Iterator[Problem]:
    """What the platform's project says about one object."""
    kind = kind_name(obj.group, obj.kind)
    scope = "namespaceResourceWhitelist" if obj.namespace else "clusterResourceWhitelist"
    if {"group": obj.group, "kind": obj.kind} not in project.get(scope, ()):
        files = sources(inputs, obj)
        message = (
            f"{', '.join(files)}: kind {kind} is not allowed" if files else f"project {name} does not allow {kind}"
        )
        if not files or (obj.namespace and (obj.group, obj.kind) in inputs.settings.kinds):
            fix = SYNTH
        elif obj.namespace:
            fix = f"remove it, or add {kind} to `kinds` in {SETTINGS} and {SYNTH}"
        else:
            fix = "give it a namespace, or remove it: the platform's only objects of cluster scope are namespaces"
        yield Problem(obj.where, message, fix)
    namespaces = {entry.get("namespace") for entry in project.get("destinations", ())}
    if obj.namespace and obj.namespace not in namespaces:
        yield Problem(obj.where, f"namespace {obj.namespace} is not the project's", "use one of the platform's")


def scaled_once(inputs: Inputs) -> Iterator[Problem]:
    """An autoscaler has a workload, and git says nothing of that workload's replicas."""
    workloads = {obj.identity: obj for obj in inputs.workloads()}
    for scaler in inputs.of("HorizontalPodAutoscaler"):
        target = scaler.spec.get("scaleTargetRef") or {}
        kind, name = str(target.get("kind")), str(target.get("name"))
        workload = workloads.get((kind, scaler.namespace, name))
        if workload and "replicas" in workload.spec:
            message = f"{kind} {name} has replicas in git: Argo CD would revert what the autoscaler sets"
            yield Problem(scaler.where, message, "remove /spec/replicas of the workload by a patch")
        elif not workload and not inputs.is_invalid(kind, scaler.namespace, name):
            yield Problem(scaler.where, f"there is no {kind} {name}", "correct scaleTargetRef")
