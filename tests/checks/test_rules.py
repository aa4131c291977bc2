"""Every rule finds its own mutation of the rendered platform, and no other rule does."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.machines import MACHINES
from catalogue.tiers import Tier
from constructs_lib.checks import capacity
from constructs_lib.checks.model import Inputs, Rendered, Rule
from constructs_lib.checks.rules import RULES, run
from constructs_lib.gitops.argo_cd import platform_project
from constructs_lib.machine import Machine, Nodes
from constructs_lib.model import Waiver
from constructs_lib.problem import Problem
from tests.checks.file_mutations import FILES
from tests.checks.mutations import MUTATIONS, Manifest, Mutation, pick, pod
from tests.checks.public_mutations import PUBLIC
from tests.repository import ROOT, copy_inputs

EVERY = (*MUTATIONS, *PUBLIC)


def broken_rules(inputs: Inputs) -> set[str]:
    """The ids of the rules that find something."""
    return {finding.rule for finding in run(inputs)}


def on_a_machine(inputs: Inputs, machine: Machine) -> Inputs:
    """The environment on that one node."""
    return replace(inputs, settings=replace(inputs.settings, nodes=Nodes(1, machine)))


def test_platform_passes(rendered: Inputs) -> None:
    """The repository as it is has no finding."""
    assert [str(finding) for finding in run(rendered)] == []


@pytest.mark.parametrize(("rule", "mutate"), EVERY, ids=[f"{rule}-{m.__name__}" for rule, m in EVERY])
def test_only_its_rule_catches_a_mutation(rendered: Inputs, rule: str, mutate: Mutation) -> None:
    """The rule finds it; another one would say that they overlap."""
    objects = [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]
    mutate(objects)
    assert broken_rules(replace(rendered, rendered=tuple(objects))) == {rule}


@pytest.mark.parametrize(("mutate", "text"), FILES, ids=[mutate.__name__ for mutate, _ in FILES])
def test_overlays_catches_a_mutation(
    rendered: Inputs, tmp_path: Path, mutate: Callable[[Path], None], text: str
) -> None:
    """What Kustomize takes without a word; the objects stay the same, and no other rule looks at the files."""
    repository = copy_inputs(tmp_path)
    (repository / "dist").symlink_to(ROOT / "dist")
    mutate(repository / "overlays/minikube")
    findings = run(replace(rendered, root=repository), [rule for rule in RULES if rule.id == "overlays"])
    assert text in "\n".join(str(finding.problem) for finding in findings)


def test_order_is_checked(rendered: Inputs) -> None:
    """An Application in another wave, and nothing in a wave after the last tier's."""
    argo_cd = copy.deepcopy(rendered.argo_cd)
    application = next(a for a in argo_cd if a["metadata"]["name"] == "chatdb-core")
    application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = "1"
    assert broken_rules(replace(rendered, argo_cd=argo_cd)) == {"order"}
    without = tuple(entry for entry in rendered.argo_cd if entry["kind"] != "ConfigMap")
    assert broken_rules(replace(rendered, argo_cd=without)) == {"order"}


@pytest.mark.parametrize("name", ["chatdb", "chatdb-core"])
@pytest.mark.parametrize("change", [{"project": "other"}, {"destination": {"server": "https://elsewhere.example"}}])
def test_project_refuses_an_application(rendered: Inputs, name: str, change: Manifest) -> None:
    """Argo CD does not sync an Application whose project does not allow it."""
    argo_cd = copy.deepcopy(rendered.argo_cd)
    application = next(a for a in argo_cd if a["metadata"]["name"] == name)
    application["spec"].update(change)
    assert broken_rules(replace(rendered, argo_cd=argo_cd)) == {"project"}


def test_project_knows_the_folder_of_a_tier(rendered: Inputs, tmp_path: Path) -> None:
    """An Application with another tier's folder; and all of them, where the repository is inside another one."""
    argo_cd = copy.deepcopy(rendered.argo_cd)
    application = next(a for a in argo_cd if a["metadata"]["name"] == "chatdb-core")
    application["spec"]["source"]["path"] = "overlays/minikube/edge"
    assert broken_rules(replace(rendered, argo_cd=argo_cd)) == {"project"}
    (tmp_path / ".git").touch()
    (tmp_path / "teams/chatdb").mkdir(parents=True)
    (tmp_path / "teams/chatdb/.tools").symlink_to(ROOT / ".tools")
    project = [rule for rule in RULES if rule.id == "project"]
    findings = run(replace(rendered, root=tmp_path / "teams/chatdb"), project)
    assert len(findings) == len(rendered.settings.tiers) + 1
    assert "not 'teams/chatdb/" in findings[0].problem.what


def test_init_containers_are_checked(rendered: Inputs) -> None:
    """What runs before a pod's containers is held to the same rules."""
    objects = [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]
    spec = pod(objects, "Deployment", "jaeger")
    spec["initContainers"] = [{**copy.deepcopy(spec["containers"][0]), "name": "first", "image": "busybox"}]
    assert broken_rules(replace(rendered, rendered=tuple(objects))) == {"images"}


def test_a_service_selects_in_its_own_namespace(rendered: Inputs) -> None:
    """Labels of pods elsewhere are no labels of pods here."""
    objects = [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]
    pick(objects, "Service", "grafana")["metadata"]["namespace"] = "chatdb-testing"
    assert "services" in broken_rules(replace(rendered, rendered=tuple(objects)))


def test_a_waiver_is_of_one_rule(rendered: Inputs) -> None:
    """What is excused from probes is excused from nothing else."""
    objects = [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]
    pod(objects, "Deployment", "locust-worker")["hostNetwork"] = True
    assert broken_rules(replace(rendered, rendered=tuple(objects))) == {"pod-security"}


def test_reserve_stays_free(rendered: Inputs) -> None:
    """A machine on which everything would just fit is too small."""
    small = on_a_machine(rendered, replace(MACHINES["minikube"], reserve=0.5))
    ledger = capacity.ledger(small)
    assert ledger
    free = {line.name for line in capacity.lines(ledger) if line.free > 0}
    assert free & {problem.what.partition(":")[0] for problem in capacity.fits(small)}


@pytest.mark.parametrize(("name", "message"), [("query-parser", "has replicas in git"), ("passer", "there is no")])
def test_autoscaler_and_git_do_not_both_scale(rendered: Inputs, name: str, message: str) -> None:
    """An autoscaler whose kind is allowed has a workload, whose replicas are nobody else's."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "scaler", "namespace": "chatdb-services"},
        "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 2},
    }
    settings = replace(rendered.settings, kinds=(("autoscaling", "HorizontalPodAutoscaler"),))
    project = platform_project(rendered.platform, settings, [])
    objects = (*rendered.rendered, Rendered(Tier.PROCESSING, scaler))
    inputs = replace(rendered, rendered=objects, argo_cd=(*rendered.argo_cd, project))
    findings = [finding for finding in run(inputs) if finding.problem.where.endswith("scaler")]
    assert [finding.rule for finding in findings] == ["autoscaling"]
    assert message in findings[0].problem.what


def test_rule_that_fails_is_an_internal_error(rendered: Inputs) -> None:
    """It names the rule, the place, and the object; what the rule says of other objects is still said."""

    def check(inputs: Inputs) -> Iterator[Problem]:
        for service in inputs.of("Service"):
            yield Problem(service.where, f"port {1 // (service.name != 'kafka')}", "")

    number = sum(one.kind == "Service" for one in rendered.rendered)
    findings = run(rendered, [Rule("fragile", "", check, "", "")])
    assert Counter(finding.rule for finding in findings) == {"internal-error": 1, "fragile": number - 1}
    assert findings[0].problem.where == "tier foundation: Service chatdb-system/kafka"
    assert "rule fragile failed: ZeroDivisionError" in findings[0].problem.what
    assert "tests/checks/test_rules.py:" in findings[0].problem.what


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ({"operator": "Like", "values": ["a"]}, "operator Like of label app with values"),
        ({"operator": "In"}, "operator In of label app without values"),
        ({"operator": "Exists", "values": ["a"]}, "operator Exists of label app with values"),
    ],
)
def test_budget_with_a_selector_that_is_not_legal(rendered: Inputs, expression: Manifest, why: str) -> None:
    """What its schema takes, and the API server does not, is a finding of that budget."""
    changed = [replace(one, manifest=copy.deepcopy(one.manifest)) for one in rendered.rendered]
    budget = pick(changed, "PodDisruptionBudget", "query-parser")
    budget["spec"]["selector"] = {"matchExpressions": [{"key": "app", **expression}]}
    (finding,) = [one for one in run(replace(rendered, rendered=tuple(changed))) if one.rule != "score"]
    message = f"the selector of the budget is not legal: {why}"
    where = "tier processing: PodDisruptionBudget chatdb-services/query-parser"
    assert (finding.rule, finding.problem.where, finding.problem.what) == ("disruption", where, message)


def test_list_of_objects_is_not_an_object(rendered: Inputs) -> None:
    """Kubeconform looks at its items alone: no schema holds for what is around them."""
    item = {"apiVersion": "v1", "kind": "List", "metadata": {"name": "some", "labels": {"a": 5}}, "items": []}
    findings = run(replace(rendered, rendered=(*rendered.rendered, Rendered(Tier.CORE, item))))
    assert [finding.rule for finding in findings] == ["schema"]
    assert "it is a list of objects" in findings[0].problem.what


def test_invalid_object_is_left_out_of_other_rules(rendered: Inputs) -> None:
    """One finding, also of a workload that a Service selects, a budget counts, and others depend on."""
    objects = [Rendered(r.tier, copy.deepcopy(r.manifest)) for r in rendered.rendered]
    pick(objects, "Deployment", "model-registry")["spec"]["replicas"] = "2"
    findings = run(replace(rendered, rendered=tuple(objects)))
    assert [finding.rule for finding in findings] == ["schema"]
    assert findings[0].problem.where == "tier core: Deployment chatdb-services/model-registry"
    assert "/spec/replicas: got string" in findings[0].problem.what


def test_all_tiers_can_roll_at_once(rendered: Inputs) -> None:
    """A machine on which each wave fits, but not the surge and the Jobs of all tiers at the same time."""
    minikube = MACHINES["minikube"]
    ledger = capacity.ledger(rendered)
    assert ledger
    cpu = minikube.cpu_used + ledger.at_once.cpu - 1
    findings = list(capacity.fits(on_a_machine(rendered, replace(minikube, cpu=cpu, reserve=0.0))))
    assert [problem.what for problem in findings] == ["CPU requests: 1m are missing when all tiers roll at once"]


def test_every_rule_has_a_mutation() -> None:
    """A rule that nothing violates might not look at anything."""
    assert {rule for rule, _ in EVERY} | {"order", "overlays", "autoscaling"} == {rule.id for rule in RULES}


def test_unused_waiver_fails(rendered: Inputs) -> None:
    """A waiver for something that is in order is itself a finding."""
    unneeded = Waiver("probes", "tier monitoring: Deployment chatdb-monitoring/jaeger", "none")
    catalogue = replace(rendered.platform.catalogue, waivers=(*rendered.platform.catalogue.waivers, unneeded))
    findings = run(replace(rendered, platform=replace(rendered.platform, catalogue=catalogue)))
    assert [finding.problem.what for finding in findings] == ["its waiver is not needed"]
