"""All rules, their waivers, and how they are run."""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from constructs_lib.checks import (
    capacity,
    connections,
    files,
    operations,
    overlays,
    presence,
    public_paths,
    reachability,
    references,
    schema,
    workloads,
)
from constructs_lib.checks.model import Finding, Inputs, Rule
from constructs_lib.model import Waiver
from constructs_lib.problem import InvalidInput, Problem

SCHEMA, INTERNAL_ERROR = "schema", "internal-error"

RULES: tuple[Rule, ...] = (
    Rule(
        "schema",
        "the API server refuses what its schema does not know",
        schema.violations,
        "every object by the schemas of the oldest and the latest Kubernetes, Argo CD, Gateway API and `schemas/`; "
        "quantities, percentages, ports, container images",
        "what admission controllers and cross-field validation of the API server refuse besides",
    ),
    Rule(
        "order",
        "what starts before what it needs fails",
        operations.edges_go_to_earlier_tiers,
        "the sync waves of the Applications; dependencies between tiers are validated with the catalogue",
        "an Application of another repository",
    ),
    Rule(
        "components",
        "a component that is not rendered is not deployed",
        presence.components_are_complete,
        "for each component of the environment's tiers its pods (one replica at least), its Service and its claim; a "
        "trait may delete a component",
        "whether the pods become ready",
    ),
    Rule(
        "services",
        "a Service without pods answers nobody",
        references.services_select_pods,
        "selectors, target ports by number and name, protocols, headless Services, EndpointSlices",
        "`ExternalName`, and EndpointSlices that a controller writes",
    ),
    Rule(
        "backends",
        "a route to nowhere answers 503",
        references.backends_exist,
        "Ingress with default backends, named ports; HTTPRoute across namespaces",
        "backends that are no Service, and other kinds of routes",
    ),
    Rule(
        "public-paths",
        "metrics and probes are for inside the cluster",
        public_paths.operations_are_private,
        "the paths of probes and metrics of each component with a route, behind each literal beginning of a public "
        "path; Ingresses as ingress-nginx reads them, with expressions and rewrites; HTTPRoutes with their rewrites",
        "snippets and other annotations of a controller, hosts and headers, other kinds of routes",
    ),
    Rule(
        "config",
        "a pod whose configuration is missing never starts",
        references.configuration_exists,
        "`env`, `envFrom`, volumes, projected volumes, pull secrets, key by key; optional references; Secrets of "
        "SealedSecret, ExternalSecret and Certificate",
        "keys of Secrets that an operator makes",
    ),
    Rule(
        "hosts",
        "an address that nobody has is never answered",
        references.hosts_exist,
        "addresses `<name>.<namespace>.svc.cluster.local` in variables and ConfigMaps",
        "short names, addresses put together by a script, another cluster domain",
    ),
    Rule(
        "volumes",
        "a pod whose volume is missing never starts",
        references.volumes_exist,
        "volumes, devices, claims of StatefulSets; claims that no pod mounts",
        "storage classes and access modes",
    ),
    Rule(
        "accounts",
        "a pod whose service account is missing never starts",
        references.accounts_exist,
        "service accounts of pods; subjects and roles of bindings",
        "rights of users and groups, and whether a ClusterRole is there",
    ),
    Rule(
        "pod-security",
        "the namespaces enforce the level restricted",
        workloads.restricted,
        "the level restricted, for each kind that runs pods and for init and ephemeral containers",
        "exceptions of the level for Windows pods and user namespaces",
    ),
    Rule(
        "read-only-root",
        "an intruder must find nothing to write to",
        workloads.read_only_root,
        "all containers",
        "what a container writes to its volumes",
    ),
    Rule(
        "tokens",
        "who does not use the Kubernetes API needs no token for it",
        workloads.service_account_tokens,
        "tokens that are mounted by default and as projected volumes",
        "tokens that a Secret holds",
    ),
    Rule(
        "resources",
        "a pod without a limit takes its neighbours' memory",
        workloads.resources,
        "CPU and memory of every container",
        "pod-level resources in place of those of containers, extended resources, ephemeral storage",
    ),
    Rule(
        "probes",
        "what is not probed is neither restarted nor spared",
        workloads.probes,
        "containers and sidecars of pods that run for ever",
        "whether a probe is a good one",
    ),
    Rule(
        "images",
        "an image without a version is another one tomorrow",
        workloads.pinned_images,
        "the grammar of references, tags and digests",
        "whether a registry has the image",
    ),
    Rule(
        "secrets",
        "what is in git is read by everybody",
        operations.no_secret_data,
        "Secrets with data, names and addresses in variables and ConfigMaps that look like a secret",
        "a secret under a harmless name",
    ),
    Rule(
        "reachability",
        "every open door is one that somebody needs",
        reachability.exact,
        "NetworkPolicies as Kubernetes defines them, between all pods, pods of other namespaces with any labels, and "
        "all addresses, on all ports",
        "policies of other API groups, traffic of a pod's own node, and pods on the network of their host",
    ),
    Rule(
        "disruption",
        "a node that cannot be drained cannot be upgraded",
        operations.drainable,
        "selectors with expressions, numbers and percentages; on several nodes a budget, and a spread or an "
        "anti-affinity over nodes, of each workload with two replicas",
        "budgets that overlap",
    ),
    Rule(
        "jobs",
        "a Job cannot be changed, and one that vanishes is never in sync",
        operations.jobs_are_final,
        "names of Jobs as hashes of their template and ConfigMaps",
        "Jobs that a CronJob makes",
    ),
    Rule(
        "drift",
        "one resource that is never in sync holds all later waves",
        operations.no_drift,
        "claim templates, hooks and waves inside a tier, kept objects, objects in two tiers",
        "what an admission controller changes",
    ),
    Rule(
        "autoscaling",
        "git and an autoscaler that both set replicas undo each other for ever",
        operations.scaled_once,
        "HorizontalPodAutoscaler, its workload and that workload's replicas",
        "other autoscalers",
    ),
    Rule(
        "project",
        "Argo CD refuses what the project does not allow",
        operations.project_allows,
        "the Applications' projects, repositories, folders and destinations; the kinds that the setting `kinds` allows",
        "other AppProjects of the cluster",
    ),
    Rule(
        "names",
        "the API server refuses illegal names and labels",
        operations.legal_names,
        "names by kind, and labels",
        "label keys and annotations",
    ),
    Rule(
        "size",
        "large objects need special treatment everywhere",
        operations.small_enough,
        "each object by its JSON",
        "the sum of all objects",
    ),
    Rule(
        "quotas",
        "a pod that exceeds its namespace's quota is never started",
        capacity.quotas_hold,
        "CPU, memory and pods of each namespace at its peak: rollouts, Jobs, terminating pods, autoscalers at their "
        "most",
        "quotas with scopes, and of other resources",
    ),
    Rule(
        "capacity",
        "what does not fit stays Pending, or is killed",
        capacity.fits,
        "requests, limits and claims of all pods, with init containers, sidecars and overhead; a wave's peak, and all "
        "tiers at once; on several nodes a place for each pod, by spread constraints and required anti-affinity over "
        "nodes, too, also with one node lost",
        "labels and taints of nodes, zones, affinity to pods, `matchLabelKeys`; ephemeral storage of one node",
    ),
    Rule(
        "connections",
        "a pod that gets no database connection is never ready",
        connections.fit,
        "`max_connections` and its reserves in `postgresql.conf`, or in the parameters of a CloudNativePG `Cluster`; "
        "all replicas of each owner of a schema with full pools, autoscalers at their most",
        "surge of a rollout, and clients that own no schema",
    ),
    Rule(
        "overlays",
        "Kustomize says nothing about what it does not use",
        overlays.all_used,
        "each patch, image, replacement and file of overlays and traits; what is left of environments that are gone",
        "remote resources, and transformers of plugins",
    ),
    Rule(
        "files",
        "a server does not start with a configuration that it cannot read",
        files.valid,
        "JSON, YAML, Python, shell, SQL, Prometheus' configuration and rules in ConfigMaps",
        "other formats, and psql's own commands",
    ),
)


def run(inputs: Inputs, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Every violation that no waiver of the catalogue covers; a waiver that covers nothing is a violation itself.

    Objects that violate a schema are left out of all other rules, so `schema` always runs.
    """
    waivers = inputs.platform.catalogue.waivers
    ran = tuple(rules)
    invalid, valid = schema.split(inputs)
    unused = [waiver for waiver in waivers if waiver.rule in {rule.id for rule in ran} and _applies(valid, waiver)]
    violations = [Finding(SCHEMA, problem) for problem in invalid]
    findings = (finding for rule in ran if rule.id != SCHEMA for finding in _guarded(rule, valid))
    for finding in findings:
        waiver = next((one for one in waivers if _covers(one, finding)), None)
        if waiver is None:
            violations.append(finding)
        elif waiver in unused:
            unused.remove(waiver)
    for waiver in unused:
        problem = Problem(waiver.where, "its waiver is not needed", "remove it from the catalogue's waivers")
        violations.append(Finding(waiver.rule, problem))
    return violations


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.rule == finding.rule and finding.problem.where.startswith(waiver.where)


def _guarded(rule: Rule, inputs: Inputs) -> list[Finding]:
    """The rule's findings; where it fails, a finding that names the object, and the findings without that object."""
    try:
        return [Finding(rule.id, problem) for problem in rule.check(inputs)]
    except InvalidInput as error:
        return [Finding(rule.id, problem) for problem in error.problems]
    except Exception as error:  # noqa: BLE001 - whatever a rule did not foresee
        failure = error
    for number, obj in enumerate(inputs.rendered):
        without = replace(inputs, rendered=(*inputs.rendered[:number], *inputs.rendered[number + 1 :]))
        try:
            findings = [Finding(rule.id, problem) for problem in rule.check(without)]
        except Exception:  # noqa: BLE001, S112 - not because of this object
            continue
        return [_internal_error(rule, obj.where, failure), *findings]
    return [_internal_error(rule, f"environment {inputs.settings.environment}", failure)]


def _internal_error(rule: Rule, where: str, error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = "/".join(Path(frame.filename).parts[-3:])
    words = f"rule {rule.id} failed: {type(error).__name__}: {error} ({place}:{frame.lineno})"
    return Finding(INTERNAL_ERROR, Problem(where, words, "report it as a bug, with the object"))


def _applies(inputs: Inputs, waiver: Waiver) -> bool:
    """Whether the waiver's object is part of the environment."""
    return any(rendered.where.startswith(waiver.where) for rendered in inputs.rendered)
