"""All rules, their waivers, and how they are run."""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from constructs_lib.checks import (
    capacity,
    files,
    operations,
    overlays,
    presence,
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
    Rule("schema", "the API server refuses what its schema does not know", schema.violations),
    Rule("order", "what starts before what it needs fails", operations.edges_go_to_earlier_tiers),
    Rule("components", "a component that is not rendered is not deployed", presence.components_are_complete),
    Rule("services", "a Service without pods answers nobody", references.services_select_pods),
    Rule("backends", "a route to nowhere answers 503", references.backends_exist),
    Rule("config", "a pod whose configuration is missing never starts", references.configuration_exists),
    Rule("hosts", "an address that nobody has is never answered", references.hosts_exist),
    Rule("volumes", "a pod whose volume is missing never starts", references.volumes_exist),
    Rule("accounts", "a pod whose service account is missing never starts", references.accounts_exist),
    Rule("pod-security", "the namespaces enforce the level restricted", workloads.restricted),
    Rule("read-only-root", "an intruder must find nothing to write to", workloads.read_only_root),
    Rule("tokens", "who does not use the Kubernetes API needs no token for it", workloads.service_account_tokens),
    Rule("resources", "a pod without a limit takes its neighbours' memory", workloads.resources),
    Rule("probes", "what is not probed is neither restarted nor spared", workloads.probes),
    Rule("images", "an image without a version is another one tomorrow", workloads.pinned_images),
    Rule("secrets", "what is in git is read by everybody", operations.no_secret_data),
    Rule("reachability", "every open door is one that somebody needs", reachability.exact),
    Rule("disruption", "a node that cannot be drained cannot be upgraded", operations.drainable),
    Rule("jobs", "a Job cannot be changed, and one that vanishes is never in sync", operations.jobs_are_final),
    Rule("drift", "one resource that is never in sync holds all later waves", operations.no_drift),
    Rule(
        "autoscaling", "git and an autoscaler that both set replicas undo each other for ever", operations.scaled_once
    ),
    Rule("project", "Argo CD refuses what the project does not allow", operations.project_allows),
    Rule("names", "the API server refuses illegal names and labels", operations.legal_names),
    Rule("size", "large objects need special treatment everywhere", operations.small_enough),
    Rule("quotas", "a pod that exceeds its namespace's quota is never started", capacity.quotas_hold),
    Rule("capacity", "what does not fit stays Pending, or is killed", capacity.fits),
    Rule("overlays", "Kustomize says nothing about what it does not use", overlays.all_used),
    Rule("files", "a server does not start with a configuration that it cannot read", files.valid),
)


def run(inputs: Inputs, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Every violation that no waiver of the catalogue covers; a waiver that covers nothing is a violation itself.

    Objects that violate a schema are left out of all other rules, so `schema` always runs.
    """
    waivers = inputs.platform.catalogue.waivers
    ran = tuple(rules)
    unused = [waiver for waiver in waivers if waiver.rule in {rule.id for rule in ran} and _applies(inputs, waiver)]
    invalid, valid = schema.split(inputs)
    found = [Finding(SCHEMA, problem) for problem in invalid]
    findings = (finding for rule in ran if rule.id != SCHEMA for finding in _guarded(rule, valid))
    for finding in findings:
        waiver = next((one for one in waivers if _covers(one, finding)), None)
        if waiver is None:
            found.append(finding)
        elif waiver in unused:
            unused.remove(waiver)
    for waiver in unused:
        problem = Problem(waiver.where, "its waiver is not needed", "remove it from the catalogue's waivers")
        found.append(Finding(waiver.rule, problem))
    return found


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.rule == finding.rule and finding.problem.where.startswith(waiver.where)


def _guarded(rule: Rule, inputs: Inputs) -> list[Finding]:
    """The rule's findings; where it fails, a finding that names the object, and the findings without that object."""
    try:
        return [Finding(rule.id, problem) for problem in rule.check(inputs)]
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a rule did not foresee
        failure = error
    for number, found in enumerate(inputs.rendered):
        without = replace(inputs, rendered=(*inputs.rendered[:number], *inputs.rendered[number + 1 :]))
        try:
            findings = [Finding(rule.id, problem) for problem in rule.check(without)]
        except Exception:  # noqa: BLE001, S112 - not because of this object
            continue
        return [_internal_error(rule, found.where, failure), *findings]
    return [_internal_error(rule, f"environment {inputs.settings.environment}", failure)]


def _internal_error(rule: Rule, where: str, error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = "/".join(Path(frame.filename).parts[-3:])
    words = f"rule {rule.id} failed: {type(error).__name__}: {error} ({place}:{frame.lineno})"
    return Finding(INTERNAL_ERROR, Problem(where, words, "report it as a bug, with the object"))


def _applies(inputs: Inputs, waiver: Waiver) -> bool:
    """Whether the waiver's object is part of the environment."""
    return any(rendered.where.startswith(waiver.where) for rendered in inputs.rendered)
