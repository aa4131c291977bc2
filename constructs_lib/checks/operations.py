"""Rules about life in a cluster: order, disruption, Jobs, drift, names, sizes."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.checks.model import Inputs, Rendered
from constructs_lib.checks.references import selects
from constructs_lib.command import COMMAND
from constructs_lib.gitops.argo_cd import (
    WAVE,
    application_name,
    platform_project_name,
    released_name,
    root_path,
    tier_path,
)
from constructs_lib.gitops.prefix import prefix
from constructs_lib.job_names import HASH_DIGITS, config_data, named_by_content
from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.env_vars import SECRET_NAME, SECRET_URL
from constructs_lib.resolve.problems.names import LABEL_VALUE

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
SIZE_LIMIT = 262_144
"""Bytes: above it, no annotation holds the object, and clients without server-side apply fail."""

SYNC, KEPT = "argocd.argoproj.io/sync-options", "Prune=false"
SYNTH = f"run `{COMMAND} synth`"
COMPARE, EXTRANEOUS = "argocd.argoproj.io/compare-options", "IgnoreExtraneous"


def edges_go_to_earlier_tiers(inputs: Inputs) -> Iterator[Problem]:
    """Each Application is in the wave of its tier, and none of them in the last wave: Argo CD does not wait for that.

    That dependencies go to earlier tiers is validated before anything is rendered.
    """
    platform = inputs.platform
    wanted = {
        f"Application {application_name(platform.name, tier)}": platform.catalogue.wave(tier)
        for tier in inputs.settings.tiers
    }
    wanted[f"ConfigMap {released_name(platform.name)}"] = len(platform.waves)
    waves = {
        f"{found['kind']} {found['metadata']['name']}": (found["metadata"].get("annotations") or {}).get(WAVE)
        for found in inputs.argo_cd
    }
    for where, wave in wanted.items():
        found = waves.get(where)
        if found != str(wave):
            yield Problem(where, f"wave {found}, not {wave}", SYNTH)


def components_in_their_tiers(inputs: Inputs) -> Iterator[Problem]:
    """Every component of the environment's tiers is rendered, in its tier."""
    there = {(found.tier, found.manifest["metadata"].get("labels", {}).get("app")) for found in inputs.rendered}
    for component in inputs.platform.components:
        if component.tier in inputs.settings.tiers and (component.tier, component.name) not in there:
            yield Problem(f"tier {component.tier}", f"{component.name} is not rendered", SYNTH)


def drainable(inputs: Inputs) -> Iterator[Problem]:
    """A PodDisruptionBudget selects pods, and lets at least one of them go."""
    for budget in inputs.of("PodDisruptionBudget"):
        spec = budget.manifest["spec"]
        labels = spec["selector"].get("matchLabels", {})
        pods = [found for found in inputs.of("Deployment", "StatefulSet") if selects(labels, budget, found)]
        replicas = sum(found.manifest["spec"].get("replicas", 1) for found in pods)
        if not pods:
            yield Problem(budget.where, "it selects no pods", "correct its selector")
        elif replicas < 1:
            yield Problem(budget.where, "its workload has 0 replicas", "ask for 1 at least, or leave the component out")
        elif _removable(spec, replicas) < 1:
            yield Problem(
                budget.where, f"none of {replicas} pods may go: no node can be drained", "use maxUnavailable: 1"
            )


def _removable(spec: dict[str, Any], replicas: int) -> int:
    """Whole numbers only: a percentage of one or two pods rounds to all or none."""
    if "maxUnavailable" in spec:
        limit = spec["maxUnavailable"]
        return limit if isinstance(limit, int) else replicas * int(limit.rstrip("%")) // 100
    least = spec.get("minAvailable", 1)
    return replicas - (least if isinstance(least, int) else -(-replicas * int(least.rstrip("%")) // 100))


def jobs_are_final(inputs: Inputs) -> Iterator[Problem]:
    """A Job's name says what it runs: a template that changes under the same name is refused by the API server."""
    data = config_data(found.manifest for found in inputs.of("ConfigMap"))
    for job in inputs.of("Job"):
        spec = job.manifest["spec"]
        for field in ("ttlSecondsAfterFinished", "activeDeadlineSeconds"):
            if field in spec:
                what = f"{field} is set: a Job that goes away, or ends by time, stays OutOfSync or Degraded"
                yield Problem(job.where, what, "remove it")
        component = job.name[: -HASH_DIGITS - 1]
        wanted = named_by_content(dict(job.manifest), component, data)["metadata"]["name"]
        if job.name != wanted:
            what = f"by its content its name is {wanted}"
            yield Problem(job.where, what, "let no overlay change a Job or its ConfigMaps; change the catalogue")


def no_drift(inputs: Inputs) -> Iterator[Problem]:
    """Nothing that the API server completes in a way that Argo CD sees as a difference, and no hooks inside a tier."""
    for found in inputs.rendered:
        for template in found.manifest.get("spec", {}).get("volumeClaimTemplates", []):
            for key, value in (("apiVersion", "v1"), ("kind", "PersistentVolumeClaim")):
                if template.get(key) != value:
                    yield Problem(found.where, f"a volume claim template has no {key}", f"write {key}: {value}")
            if "volumeMode" not in template["spec"]:
                yield Problem(found.where, "a volume claim template has no volumeMode", "write volumeMode: Filesystem")
        yield from _holding_annotations(found)
    for identity, count in Counter((m.kind, m.namespace, m.name) for m in inputs.rendered).items():
        if count > 1:
            yield Problem("/".join(identity), f"{count} tiers have it, and would fight for it", "keep it in one tier")


def _holding_annotations(found: Rendered) -> Iterator[Problem]:
    annotations = found.manifest["metadata"].get("annotations") or {}
    for key in annotations:
        if key in ("argocd.argoproj.io/hook", WAVE):
            yield Problem(found.where, f"annotation {key} inside a tier", "move the object to another tier")
    if KEPT in annotations.get(SYNC, "") and EXTRANEOUS not in annotations.get(COMPARE, ""):
        what = "it is kept, and once it has left git it would hold all later waves"
        yield Problem(found.where, what, f"annotate it with {COMPARE}: {EXTRANEOUS}, too")


def legal_names(inputs: Inputs) -> Iterator[Problem]:
    """Names that the API server takes, and labels of at most 63 characters."""
    labels_only = ("Service", "Namespace", "Deployment", "StatefulSet", "Job")
    for found in inputs.rendered:
        pattern = DNS_LABEL if found.kind in labels_only else DNS_NAME
        if not pattern.fullmatch(found.name):
            yield Problem(found.where, "its name is not legal", "use lower-case letters, digits and dashes")
        metadata = [found.manifest["metadata"], found.template.get("metadata", {})]
        for key, value in (item for part in metadata for item in (part.get("labels") or {}).items()):
            if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
                yield Problem(found.where, f"label {key} is {value!r}", "use at most 63 letters, digits, . _ and -")


def small_enough(inputs: Inputs) -> Iterator[Problem]:
    """Objects below what an annotation can hold."""
    for found in inputs.rendered:
        size = len(json.dumps(found.manifest).encode())
        if size > SIZE_LIMIT:
            yield Problem(found.where, f"it has {size} bytes, more than {SIZE_LIMIT}", "split it")


def no_secret_data(inputs: Inputs) -> Iterator[Problem]:
    """Nothing secret is in git: neither in Secrets, nor in variables, nor in ConfigMaps."""
    for secret in inputs.of("Secret"):
        if secret.manifest.get("data") or secret.manifest.get("stringData"):
            yield Problem(secret.where, "a Secret with data", "let the credentials Job make it")
    for found in inputs.rendered:
        for name, value in _told(found):
            if SECRET_NAME.search(name) and value:
                yield Problem(found.where, f"{name} has a value", "take it from a Secret")
            elif SECRET_URL.search(value):
                yield Problem(found.where, f"{name} has a password in an address", "take it from a Secret")


def _told(found: Rendered) -> Iterator[tuple[str, str]]:
    """(name, value) of each variable that is written out, and of each entry of a ConfigMap."""
    for container in found.containers:
        for variable in container.get("env", []):
            yield variable["name"], str(variable.get("value") or "")
    if found.kind == "ConfigMap":
        for name, value in (found.manifest.get("data") or {}).items():
            yield name, str(value)


def project_allows(inputs: Inputs) -> Iterator[Problem]:
    """Each Application's project allows its repository, its destination, and every object; its folder is the tier's."""
    projects = {found["metadata"]["name"]: found["spec"] for found in inputs.argo_cd if found["kind"] == "AppProject"}
    paths = _paths(inputs)
    for application in inputs.argo_cd:
        if application["kind"] != "Application":
            continue
        where = f"Application {application['metadata']['name']}"
        spec = application["spec"]
        path, wanted = spec["source"].get("path"), paths.get(where)
        if wanted is not None and path != wanted:
            yield Problem(where, f"its path in the git repository is {path!r}, not {wanted!r}", SYNTH)
        project = projects.get(spec["project"])
        if project is None:
            yield Problem(where, f"there is no project {spec['project']}", SYNTH)
        elif (
            spec["source"]["repoURL"] not in project["sourceRepos"]
            or spec["destination"] not in project["destinations"]
        ):
            yield Problem(where, f"project {spec['project']} refuses its source or its destination", SYNTH)
    name = platform_project_name(inputs.platform.name)
    for found in inputs.rendered:
        yield from _refused(found, name, projects.get(name, {}))


def _paths(inputs: Inputs) -> dict[str, str]:
    """Application -> the folder that it applies, from the top of the git repository."""
    name, settings, place = inputs.platform.name, inputs.settings, prefix(inputs.root)
    tiers = {f"Application {application_name(name, t)}": tier_path(settings, t, place) for t in settings.tiers}
    return {f"Application {name}": root_path(settings, place)} | tiers


def _refused(found: Rendered, name: str, project: Mapping[str, Any]) -> Iterator[Problem]:
    """What the platform's project says about one object."""
    scope = "namespaceResourceWhitelist" if found.namespace else "clusterResourceWhitelist"
    kind = {"group": found.manifest["apiVersion"].rpartition("/")[0], "kind": found.kind}
    if kind not in project.get(scope, []):
        yield Problem(found.where, f"project {name} does not allow {found.kind} there", SYNTH)
    if found.namespace and found.namespace not in {entry["namespace"] for entry in project.get("destinations", [])}:
        yield Problem(found.where, f"namespace {found.namespace} is not the project's", "use one of the platform's")
