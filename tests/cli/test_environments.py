"""A repository with two environments: what each command does without `-e`, and with it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.deploy.cleanup import Cleanup
from chatdb.deploy.kubectl import Kubectl, Manifest
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.cli.release_project import commit, git, push
from tests.cli.test_json import validator
from tests.command import invoke
from tests.repository import set_values, texts

AGENT = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "agent", "namespace": "chatdb-monitoring"},
    "spec": {"template": {"spec": {"containers": [{"name": "agent", "image": "agent:1"}]}}},
}
TWO = ("minikube", "staging")
CHECKED = ("check", "--rule", "overlays", "--rule", "project", "--rule", "order")


@pytest.fixture
def two(repository: Path) -> Path:
    """The second one is on a cluster of its own, and has no machine."""
    overlay = repository / "overlays/staging"
    for path in sorted((repository / "overlays/minikube").glob("*/*.yaml")):
        (overlay / path.parent.name).mkdir(parents=True, exist_ok=True)
        (overlay / path.parent.name / path.name).write_bytes(path.read_bytes())
    settings = yaml.safe_load((repository / "chatdb.yaml").read_text())
    settings["environments"]["staging"] = {"revision": "next", "cluster": "https://staging.example:6443"}
    (repository / "chatdb.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    invoke("synth")
    return repository


def test_all_are_generated(two: Path) -> None:
    """Each has Applications of its own names, and a project that allows its own cluster alone; minikube keeps its."""
    for environment, name in zip(TWO, ("chatdb", "chatdb-staging"), strict=True):
        projects = list(yaml.safe_load_all((two / f"argocd/{environment}/projects.yaml").read_text()))
        assert [one["metadata"]["name"] for one in projects] == [f"{name}-root", f"{name}-platform"]
        core = yaml.safe_load((two / f"argocd/{environment}/apps/core.yaml").read_text())
        assert (core["metadata"]["name"], core["spec"]["project"]) == (f"{name}-core", f"{name}-platform")
        (server,) = {one["server"] for one in projects[1]["spec"]["destinations"]}
        assert core["spec"]["destination"]["server"] == server
        assert projects[0]["spec"]["destinations"][0]["server"] == "https://kubernetes.default.svc"
        released = yaml.safe_load((two / f"argocd/{environment}/apps/released.yaml").read_text())
        assert released["metadata"]["name"] == f"{name}-released"
    assert server == "https://staging.example:6443"
    assert invoke("check").endswith(" 0 findings\n")


def test_synth_of_one(two: Path) -> None:
    """Only its files are written; the next run without a name writes the others."""
    for environment in TWO:
        (two / f"argocd/{environment}/root.yaml").write_text("stale")
    minikube = texts(two / "argocd/minikube")
    assert invoke("synth", "--check", "-e", "staging", code=1).startswith("argocd/staging/root.yaml: not what")
    assert invoke("synth", "-e", "staging") == "changed: argocd/staging\n"
    assert texts(two / "argocd/minikube") == minikube
    assert invoke("synth") == "changed: argocd/minikube\n"


def test_check_says_where(two: Path) -> None:
    """A finding of one environment names it; -e looks at one alone."""
    (two / "overlays/staging/core/lost.yaml").write_text("a: 1\n")
    finding = "[overlays] overlays/staging/core/lost.yaml: its kustomization does not list it"
    assert f"staging: {finding}" in invoke(*CHECKED, code=1)
    assert invoke(*CHECKED, "-e", "staging", code=1).startswith(finding)
    invoke(*CHECKED, "-e", "minikube")


@pytest.mark.parametrize("command", ["capacity", "cleanup", "deploy", "health", "release", "rollback"])
def test_one_has_to_be_named(two: Path, command: str) -> None:
    """What works on one environment lists them where none is named, and where there is no such one."""
    assert "there are 2 environments; choose one of them with -e: minikube, staging" in invoke(command, code=2)
    assert "unknown environment 'nope'. Use one of: minikube, staging" in invoke(command, "-e", "nope", code=2)


def test_unknown_environment(two: Path) -> None:
    """Commands that work on all say so, too."""
    for command in ("synth", "check"):
        assert "unknown environment 'nope'" in invoke(command, "-e", "nope", code=2)


def test_cluster_commands_use_its_names(two: Path) -> None:
    """Nothing of another environment is deleted or applied: they may be in one Argo CD."""
    lines = invoke("cleanup", "--dry-run", "-e", "staging").splitlines()
    in_argo_cd = [line for line in lines if "--namespace=argocd" in line]
    assert len(in_argo_cd) == 3
    assert "chatdb-staging-operator-cloudnative-pg" in in_argo_cd[1]
    assert {"chatdb-staging-platform", "chatdb-staging-operators"} < set(in_argo_cd[2].split())
    assert all(word.startswith("chatdb-staging") for line in in_argo_cd for word in line.split() if "chatdb" in word)
    assert "argoproj.io chatdb --namespace" in invoke("cleanup", "--dry-run", "-e", "minikube").splitlines()[0]
    deploy = invoke("deploy", "--argocd", "--dry-run", "-e", "staging")
    assert "cat argocd/staging/projects.yaml argocd/staging/root.yaml" in deploy
    assert "overlays/staging/core" in invoke("deploy", "--dry-run", "-e", "staging")


def test_new_environment(repository: Path) -> None:
    """It passes every rule at once, with the patches of the one it is like, and changes nothing of that one."""
    before = texts(repository / "overlays/minikube"), texts(repository / "argocd"), texts(repository / "dist")
    settings = (repository / "chatdb.yaml").read_text()
    diff = invoke("new-environment", "staging", "--like", "minikube", "--dry-run")
    assert "+++ b/overlays/staging/core/model-registry.yaml" in diff
    assert "+  staging:\n+    cluster: staging\n+    machine: minikube\n" in diff
    assert not (repository / "overlays/staging").exists()
    assert (repository / "chatdb.yaml").read_text() == settings
    assert "wrote overlays/staging/core/model-registry.yaml" in invoke(
        "new-environment", "staging", "--like", "minikube"
    )
    assert (repository / "chatdb.yaml").read_text().startswith(settings)
    assert invoke("synth") == "nothing has changed\n"
    assert invoke("check").endswith(" 0 findings\n")
    after = texts(repository / "overlays/minikube"), texts(repository / "argocd"), texts(repository / "dist")
    assert (after[0], after[2]) == (before[0], before[2])
    assert {name: text for name, text in after[1].items() if not name.startswith("staging/")} == before[1]
    assert "staging: is there already" in invoke("new-environment", "staging", code=1)
    assert "environment 'Nope!' is not a legal name" in invoke("new-environment", "Nope!", code=1)
    assert "unknown environment 'nope'" in invoke("new-environment", "test", "--like", "nope", code=2)


def test_what_no_two_environments_share(repository: Path) -> None:
    """A host and a cluster of one stay its own; traits are taken over, and each is there once."""
    set_values(repository, "minikube", host="minikube.example", traits=["gateway-api"])
    traits = "gateway-api", "object-store-versitygw"
    invoke("new-environment", "staging", "--like", "minikube", *(part for name in traits for part in ("--trait", name)))
    staging = read_settings(repository, CATALOGUE, "staging")
    assert (staging.host, staging.cluster, staging.traits) == ("chatdb.local", "staging", traits)
    assert "'nope' is not a known trait" in invoke("new-environment", "test", "--trait", "nope", code=1)
    assert not (repository / "overlays/test").exists()


def test_new_environment_of_the_bases(repository: Path) -> None:
    """Without another that it is like, it has no patches, and no machine to fit into."""
    invoke("new-environment", "large", "--cluster", "https://large.example")
    assert invoke("check").endswith(" 0 findings\n")
    assert {path.name for path in (repository / "overlays/large").glob("*/*.yaml")} == {"kustomization.yaml"}
    settings = yaml.safe_load((repository / "chatdb.yaml").read_text())["environments"]["large"]
    assert settings == {"cluster": "https://large.example", "revision": "main"}
    assert "nothing is known of this environment's machine" in invoke("capacity", "-e", "large", code=2)


def test_environment_of_several_nodes(repository: Path) -> None:
    """Its bases fit; the sums are those of all nodes and of one less; quotas hold a DaemonSet's pod on each node."""
    invoke("new-environment", "large", "--cluster", "https://large.example")
    settings = yaml.safe_load((repository / "chatdb.yaml").read_text())
    settings["environments"]["large"] |= {
        "nodes": {"count": 3, "cpu": 8, "memory": "32Gi", "disk": "200G"},
        "kinds": ["apps/DaemonSet"],
    }
    (repository / "chatdb.yaml").write_text(yaml.safe_dump(settings))
    invoke("synth", "-e", "large")
    assert invoke("check", "-e", "large").endswith(" 0 findings\n")
    output = json.loads(invoke("capacity", "-e", "large", "--json"))
    validator("capacity").validate(output)
    totals = {line["name"]: line["total"] for line in output["lines"]}
    assert (totals["CPU requests"], totals["CPU requests with one node lost"]) == (24000, 16000)
    table = invoke("capacity", "-e", "large")
    assert table.startswith("3 nodes, each with 8000m CPU, 32768Mi memory and 190734Mi disk; the platform at its peak.")
    assert len(table.splitlines()) == len(totals) + 5
    overlay = repository / "overlays/large/monitoring"
    before = yaml.safe_load_all((overlay.parent / "platform/generated/quotas.yaml").read_text())
    (overlay / "agent.yaml").write_text(yaml.safe_dump(AGENT))
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    kustomization["resources"].append("agent.yaml")
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    invoke("synth", "-e", "large")
    after = yaml.safe_load_all((overlay.parent / "platform/generated/quotas.yaml").read_text())
    pods = [
        {one["metadata"]["namespace"]: int(one["spec"]["hard"]["pods"]) for one in each} for each in (before, after)
    ]
    # One on each of three nodes, and one that is still terminating.
    assert pods[1]["chatdb-monitoring"] - pods[0]["chatdb-monitoring"] == 3 + 1


def test_remove_environment(two: Path) -> None:
    """All files of it go, those of others stay, and it is said what happens in the cluster."""
    (two / "pins").mkdir()
    for environment in TWO:
        (two / f"pins/{environment}.yaml").write_text(f"core: {'ab' * 20}\n")
    before = texts(two)
    report = invoke("remove-environment", "staging", "--dry-run")
    assert report.startswith(
        "change chatdb.yaml\nremove overlays/staging\nremove argocd/staging\nremove pins/staging.yaml\n"
    )
    assert "stays, with all data" in report
    assert "Aborted" in invoke("remove-environment", "staging", code=1)
    assert texts(two) == before
    invoke("remove-environment", "staging", "--yes")
    after = texts(two)
    gone = {name for name in before if name.startswith(("overlays/staging/", "argocd/staging/", "pins/staging."))}
    assert before.keys() - after.keys() == gone
    assert {name for name in after if after[name] != before[name]} == {"chatdb.yaml"}
    assert "is the only environment" in invoke("remove-environment", "minikube", "--yes", code=1)
    assert "unknown environment" in invoke("remove-environment", "components", "--yes", code=1)


def test_what_is_left_of_an_environment(two: Path) -> None:
    """Once for all environments: its overlays, its Applications and its pins, with the command that removes them."""
    settings = yaml.safe_load((two / "chatdb.yaml").read_text())
    settings["environments"] = {"minikube": settings["environments"]["minikube"], "live": {"revision": "main"}}
    settings["environments"]["live"]["cluster"] = "live"
    (two / "pins").mkdir()
    (two / "pins/staging.yaml").write_text("")
    (two / "overlays/staging").rename(two / "overlays/live")
    (two / "chatdb.yaml").write_text(yaml.safe_dump(settings))
    invoke("synth")
    (two / "overlays/staging").mkdir()
    *findings, _ = invoke("check", "--rule", "overlays", code=1).splitlines()
    fix = "`chatdb remove-environment staging` removes it; or add it to chatdb.yaml"
    places = ("argocd/staging", "overlays/staging", "pins/staging.yaml")
    assert sorted(findings) == [f"[overlays] {place}: there is no environment staging; {fix}" for place in places]
    invoke("remove-environment", "staging", "--yes")
    assert invoke("check", "--rule", "overlays") == "1 rules, 0 findings\n"


@pytest.mark.parametrize("place", ["core", "deeper"])
def test_overlay_of_another_environment(two: Path, place: str) -> None:
    """What an environment lists is its own, or a trait's: also by way of a folder of its own."""
    overlay = two / "overlays/staging/setup"
    (two / "overlays/minikube/setup/shared").mkdir()
    (two / "overlays/minikube/setup/shared/kustomization.yaml").write_text("resources: [map.yaml]\n")
    content = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "chatdb-system"}}
    (two / "overlays/minikube/setup/shared/map.yaml").write_text(yaml.safe_dump(content))
    listed, at = "../../minikube/setup/shared", overlay
    if place == "deeper":
        at = overlay / "own"
        at.mkdir()
        (at / "kustomization.yaml").write_text("resources: [../../../minikube/setup/shared]\n")
        listed = "own"
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    kustomization["resources"].append(listed)
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    findings = invoke("check", "--rule", "overlays", "-e", "staging", code=1)
    name = (at / "kustomization.yaml").relative_to(two)
    assert f"[overlays] {name}:" in findings
    assert "minikube/setup/shared belongs neither to the environment staging nor to a trait; copy it" in findings


def test_release_of_one(project: Path) -> None:
    """It pins its own tiers, in a commit that changes no file of another environment; and so does its rollback."""
    invoke("new-environment", "staging", "--like", "minikube")
    contents = [commit(project, "staging")]
    push(project)
    invoke("release", "-e", "staging")
    (project / "pins/staging.yaml").unlink()
    invoke("synth")
    contents.append(commit(project, "more"))
    push(project)
    invoke("release", "-e", "staging")
    assert contents[0][:12] in invoke("rollback", "-e", "staging")
    assert git(project, "log", "-1", "--format=%s") == f"Release {contents[0][:12]} to staging again"
    changed = git(project, "diff", "--name-only", contents[0], "HEAD").splitlines()
    assert {name.split("/")[1] for name in changed} == {"staging", "staging.yaml"}
    assert read_settings(project, CATALOGUE, "minikube").pins == ()
    assert {pin for _, pin in read_settings(project, CATALOGUE, "staging").pins} == {contents[0]}


class Cluster(Kubectl):
    """A cluster whose Argo CD has one Application of each of two environments, and of an operator of the second."""

    def items(self, *_arguments: str, text: str | None = None) -> list[Manifest]:
        """The Applications."""
        assert text is None
        names = ("chatdb-core", "chatdb-staging-core", "chatdb-staging-operator-cloudnative-pg")
        return [{"metadata": {"name": name}} for name in names]


def test_argo_cd_of_other_environments_stays(two: Path) -> None:
    """With Argo CD the Applications of the others would be deleted, and all that they deployed."""
    settings = read_settings(two, CATALOGUE, "staging")
    children = settings.children(CATALOGUE)
    Cleanup(settings=settings, children=children, keep_data=True, argocd=False, seconds=1).refuse_others(Cluster(None))
    with pytest.raises(InvalidInput, match=r"--argocd: Argo CD has Applications of other environments: chatdb-core;"):
        Cleanup(settings=settings, children=children, keep_data=True, argocd=True, seconds=1).refuse_others(
            Cluster(None)
        )


def test_other_names_of_an_environment(two: Path) -> None:
    """They are refused as long as there are Applications that were generated under the old ones."""
    settings = yaml.safe_load((two / "chatdb.yaml").read_text())
    settings["environments"]["staging"]["applications"] = "other"
    (two / "chatdb.yaml").write_text(yaml.safe_dump(settings))
    before = texts(two / "argocd")
    assert "the Applications of staging are called chatdb-staging, not other" in invoke("synth", code=1)
    assert texts(two / "argocd") == before
    (two / "argocd/staging/root.yaml").write_text("metadata: [edited]\n")
    assert "Traceback" not in invoke("synth", "--check", code=1)
    shutil.rmtree(two / "argocd/staging")
    invoke("synth")
    assert "name: other-core" in (two / "argocd/staging/apps/core.yaml").read_text()
