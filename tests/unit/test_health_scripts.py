"""The health of operators' resources: what each script says of each state, and which rows hold which rule."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.repository import ROOT
from tests.unit.health_script import Answer, run_script, without_libraries
from tests.unit.health_tables import FINAL, METRIC_REASONS, MISTAKES, PHASES, SCRIPTS

INSTALL = ROOT / "argocd/install"
KEY = "resource.customizations.health."


class Mutation(NamedTuple):
    """A rule taken out of a script: the text replaced, and the rows that hold the rule."""

    id: str
    old: str
    new: str
    caught_by: set[str]


MOVING = {*PHASES["Progressing"], "unknown-phase", "no-reason"}

MUTATIONS = {
    "cluster": [
        *(
            Mutation(phase, f'["{phase}"] = "{state}"', f'["{phase}"] = "wrong"', {phase})
            for state, phases in FINAL.items()
            for phase in phases
            if state != "Healthy"
        ),
        Mutation("unknown-is-an-error", 'PHASES[phase] or "Progressing"', "PHASES[phase]", MOVING),
        Mutation("reason-not-needed", 'reason == "" and phase', 'reason == " " and phase', {"no-reason"}),
        Mutation("any-image", "spec.imageName ~= status.image", "false", {"older-image"}),
        Mutation("image-needed", "spec.imageName and", "", {"defaults"}),
        Mutation("fewer-are-enough", "ready ~= wanted", "ready > wanted", {"instance-not-ready", "no-instance-ready"}),
        Mutation("more-are-fine", "ready ~= wanted", "ready < wanted", {"instances-to-remove"}),
        Mutation("one-by-default", "spec.instances or 1", "spec.instances or 2", {"defaults"}),
        Mutation("archiving-ignored", 'archiving.status == "False"', "false", {"not-archiving"}),
        Mutation(
            "archiving-always-told",
            'archiving.status == "False"',
            "true",
            {"archiving"},
        ),
        Mutation("loop-ignored", '== "disabled"', '== ""', {"not-reconciled"}),
        Mutation(
            "sleeps-for-ever",
            '["cnpg.io/hibernation"] ~= "on"',
            '["cnpg.io/hibernation"] == "x"',
            {"waking", "waking-unset"},
        ),
        Mutation("going-is-gone", 'hibernation.status == "True"', "true", {"going-to-sleep"}),
        Mutation("request-ignored", 'annotations["cnpg.io/hibernation"] == "on"', "false", {"to-hibernate"}),
        Mutation("no-phase-passes", 'if phase == ""', "if false", {"new", "no-phase"}),
    ],
    "database-role": [
        Mutation(
            "older-passes",
            "status.observedGeneration == (obj.metadata or {}).generation",
            "true",
            {"older-spec-applied", "not-applied-yet", "first-failed"},
        ),
        Mutation("failure-waits", "status.applied == false", "false", {"refused"}),
        Mutation("unknown-passes", "status.applied == true", "status.applied ~= false", {"unknown"}),
        Mutation(
            "reason-untold",
            'message == "" and "not applied yet" or message',
            '"not applied yet"',
            {"not-applied-yet", "first-failed", "unknown"},
        ),
    ],
    "pooler": [
        Mutation("invalid-passes", 'invalid ~= ""', "false", {"invalid"}),
        Mutation("paused-is-healthy", 'paused = "Suspended"', 'paused = "Healthy"', {"paused"}),
        Mutation("inactive-fails", 'inactive = "Progressing"', 'inactive = "Degraded"', {"inactive"}),
        Mutation("failed-waits", 'failed = "Degraded"', 'failed = "Progressing"', {"failed"}),
        Mutation("unknown-is-an-error", 'PHASES[phase] or "Progressing"', "PHASES[phase]", {"unknown-phase"}),
        Mutation("pods-uncounted", "pods == wanted", "true", {"growing", "none"}),
        Mutation("one-by-default", "instances or 1", "instances or 2", {"defaults"}),
        Mutation("no-phase-passes", 'phase == ""', "false", {"new"}),
    ],
    "scheduled-backup": [
        Mutation("invalid-passes", 'invalid ~= ""', "false", {"invalid"}),
        Mutation("suspended-waits", "elseif spec.suspend", "elseif false", {"suspended"}),
        Mutation("unseen-passes", "not status.lastCheckTime", "false", {"new"}),
    ],
    "horizontal-pod-autoscaler": [
        *(Mutation(f"{reason}-passes", f"{reason} = true", f"{reason} = false", {reason}) for reason in MISTAKES),
        Mutation("metrics-degrade", "MISCONFIGURED[active.reason]", "true", set(METRIC_REASONS)),
        Mutation("reason-untold", 'if active and active.status == "False" then', "if false then", set(METRIC_REASONS)),
        Mutation("no-target-passes", 'able.status == "False"', "false", {"no-target", "no-target-and-no-metrics"}),
        Mutation("older-passes", "or generation) < generation", "or generation) < 0", {"older-spec"}),
        Mutation("unset-is-older", "observedGeneration or generation", "observedGeneration or 0", {"no-generation"}),
        Mutation("unseen-passes", "not able", "false", {"new"}),
        Mutation("any-version", '~= "autoscaling/v2"', '== ""', {"older-version"}),
    ],
    "gateway": [
        Mutation(
            "older-passes", "or generation) < generation", "or generation) < 0", {"older-spec", "fix-not-seen-yet"}
        ),
        Mutation("unset-is-older", "observedGeneration or generation", "observedGeneration or 0", {"defaults"}),
        Mutation("refusal-waits", 'one.status == "False" and', "false and", {"refused", "references", "listener"}),
        Mutation("unprogrammed-fails", ' and one.type ~= "Programmed"', "", {"no-address", "no-message"}),
        Mutation("unknown-passes", 'one.status ~= "True"', 'one.status == "False"', {"defaults"}),
        Mutation("all-are-needed", "NEEDED[condition.type] and", "", {"not-needed"}),
        Mutation("listeners-ignored", "collect(listener.conditions", "collect({}", {"listener"}),
        Mutation("unseen-passes", "#conditions == 0", "false", {"new"}),
    ],
}


def script(name: str) -> str:
    """The text of one."""
    return (INSTALL / "health" / f"{name}.lua").read_text(encoding="utf-8")


def answers(folder: Path, name: str, text: str) -> dict[str, Answer]:
    """What the text says of each row of the table."""
    cases = SCRIPTS[name]
    given = run_script(folder, without_libraries(text), [case.object for case in cases])
    return {case.id: answer for case, answer in zip(cases, given, strict=True)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_answers(name: str, tmp_path: Path) -> None:
    """Each script says of each state what its table asks for, with the libraries that Argo CD opens by default."""
    expected = {case.id: Answer(case.status, case.message) for case in SCRIPTS[name]}
    assert len(expected) == len(SCRIPTS[name])
    assert answers(tmp_path, name, script(name)) == expected


@pytest.mark.parametrize(
    ("name", "mutation"),
    [pytest.param(name, one, id=f"{name}-{one.id}") for name, mutations in MUTATIONS.items() for one in mutations],
)
def test_every_rule_is_held_by_its_rows(name: str, mutation: Mutation, tmp_path: Path) -> None:
    """With the rule taken out of the script, the rows that hold it change, and no others."""
    text = script(name)
    assert text.count(mutation.old) == 1
    given = answers(tmp_path, name, text.replace(mutation.old, mutation.new))
    changed = {case.id for case in SCRIPTS[name] if given[case.id] != Answer(case.status, case.message)}
    assert changed == mutation.caught_by


def test_phases_are_those_of_the_table() -> None:
    """The script names each phase of the table in which the operator does not move on by itself, and no other."""
    written = re.findall(r'^  \["(.+)"\] = "(\w+)",$', script("cluster"), re.MULTILINE)
    assert sorted(written) == sorted((phase, state) for state, phases in FINAL.items() for phase in phases)


def test_phases_are_those_of_the_operator() -> None:
    """The table has every phase that the source of the pinned version names, and two that it writes elsewhere."""
    listed = re.findall(r'"Dir": "(.*/cloudnative-pg@.*)"', (ROOT / ".tools/modules.json").read_text(encoding="utf-8"))
    source = (Path(*listed) / "api/v1/cluster_types.go").read_text(encoding="utf-8")
    declared = re.findall(r'^\tPhase\w+ += "(.+)"$', source, re.MULTILINE)
    elsewhere = ["Not enough disk space", "Instance Status Extraction Error: HTTP communication issue"]
    assert sorted([*declared, *elsewhere]) == sorted(phase for phases in PHASES.values() for phase in phases)


def test_scripts_are_installed_and_documented() -> None:
    """argocd-cm has each script under the key of its kind, and docs/argo-cd.md has a row for it."""
    kustomization = yaml.safe_load((INSTALL / "kustomization.yaml").read_text(encoding="utf-8"))
    (generator,) = [one for one in kustomization["configMapGenerator"] if one["name"] == "argocd-cm"]
    files = dict(entry.split("=") for entry in generator["files"])
    installed = {path: key.removeprefix(KEY) for key, path in files.items()}
    assert installed.keys() == {"gate.lua", *(f"health/{name}.lua" for name in SCRIPTS)}
    assert {path.name for path in (INSTALL / "health").iterdir()} == {f"{name}.lua" for name in SCRIPTS}
    text = (ROOT / "docs/argo-cd.md").read_text(encoding="utf-8")
    del installed["gate.lua"]
    for path, key in installed.items():
        group, kind = key.split("_")
        assert path == f"health/{hyphened(kind)}.lua"
        assert f"| {kind} (`{group}`) |" in text


def hyphened(kind: str) -> str:
    """HorizontalPodAutoscaler as horizontal-pod-autoscaler."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower()
