"""`chatdb explain` names what is really there, and all of it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.cli import main
from chatdb.explain.component import explain
from chatdb.explain.places import owner_labels
from chatdb.explain.sources import of_environment
from chatdb.repository import platform_of
from constructs_lib.checks.render import inputs
from constructs_lib.resolved import Relation
from constructs_lib.settings import read_settings
from tests import platform_policies
from tests.command import invoke
from tests.repository import PLATFORM, ROOT, copy_repository, manifests

NAMES = [component.name for component in CATALOGUE.components]


def explained(name: str) -> dict[str, Any]:
    """The explanation as data."""
    explanation: dict[str, Any] = json.loads(invoke("explain", name, "--json"))
    return explanation


def line(place: dict[str, Any]) -> str:
    """The text at a place."""
    text: str = (ROOT / place["file"]).read_text(encoding="utf-8").splitlines()[place["line"] - 1]
    return text


@pytest.fixture(scope="module")
def all_explained() -> dict[str, dict[str, Any]]:
    """Every component's explanation."""
    return {name: explained(name) for name in NAMES}


def document(place: dict[str, Any]) -> dict[str, Any]:
    """The YAML document that begins at a place, and nowhere before or after it."""
    lines = (ROOT / place["file"]).read_text(encoding="utf-8").splitlines(keepends=True)
    before = lines[: place["line"] - 1]
    assert all(text.startswith("#") or text == "---\n" for text in before[-1:])
    manifest: dict[str, Any] = next(yaml.safe_load_all("".join(lines[place["line"] - 1 :])))
    return manifest


@pytest.mark.parametrize("name", NAMES)
def test_every_place_is_right(all_explained: dict[str, dict[str, Any]], name: str) -> None:
    """At each line there is what the explanation says; files exist."""
    explanation = all_explained[name]
    entry = (ROOT / explanation["entry"]["file"]).read_text().splitlines()[explanation["entry"]["line"] - 1 :]
    assert f'name="{name}"' in "".join(entry[:2])
    assert line(explanation["construct"]).startswith("class ")
    for item in explanation["objects"]:
        metadata = document(item["place"])["metadata"]
        assert (item["name"], item["namespace"]) == (metadata["name"], metadata.get("namespace", ""))
        assert document(item["place"])["kind"] == item["kind"]
    for place in explanation["applications"]:
        settings = read_settings(ROOT, CATALOGUE, place["file"].split("/")[1])
        assert document(place)["metadata"]["name"] == settings.application(explanation["tier"])
    assert all(name in line(place) for place in explanation["docs"])
    assert [path for path in explanation["files"] if not (ROOT / path).is_file()] == []


def test_nothing_rendered_is_left_out(all_explained: dict[str, dict[str, Any]]) -> None:
    """Each object of a chart is its owner's; what has no owner is the namespaces' alone, and their quotas."""
    owned = {
        (item["kind"], item["namespace"], item["name"]): name
        for name, explanation in all_explained.items()
        for item in explanation["objects"]
        if item["owner"] == name
    }
    for path in sorted((ROOT / "dist").glob("*/*.k8s.yaml")):
        if path.name in ("namespaces.k8s.yaml", "gateway.k8s.yaml"):
            continue
        for manifest in yaml.safe_load_all(path.read_text()):
            metadata = manifest["metadata"]
            key = (manifest["kind"], metadata.get("namespace", ""), metadata["name"])
            assert owned[key] == path.name.removesuffix(".k8s.yaml")
    for path in sorted((ROOT / "overlays").glob("*/*/generated/tests.yaml")):
        for manifest in yaml.safe_load_all(path.read_text()):
            metadata = manifest["metadata"]
            assert owned[manifest["kind"], metadata["namespace"], metadata["name"]] == "integration-tests"


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_an_environment_has_what_is_rendered(environment: str) -> None:
    """Each object is its owner's once, at a place that this environment is made of; nothing else is listed."""
    settings = read_settings(ROOT, CATALOGUE, environment)
    platform = platform_of(PLATFORM, settings)
    rendered = inputs(ROOT, PLATFORM, settings)
    sources = of_environment(rendered)
    every = [explain(sources, platform, component) for component in platform.components]
    owned = [(item.kind, item.namespace, item.name) for one in every for item in one.objects if item.owner == one.name]
    assert len(owned) == len(set(owned))
    labels = owner_labels(PLATFORM.name)
    with_owner = {one.identity for one in rendered.rendered if not one.source and any(map(one.labels.get, labels))}
    # Minikube's overlay adds an object by hand: it is among the patches.
    by_hand = {("PersistentVolumeClaim", "chatdb-monitoring", "prometheus")} if environment == "minikube" else set()
    assert with_owner - {*owned} == by_hand
    assert {*owned} <= with_owner
    places = {place.file for one in every for place in (*one.overlays, *one.applications)}
    places |= {item.place.file for one in every for item in one.objects}
    foreign = re.compile(rf"(overlays|argocd)/(?!{environment}/|components/)")
    assert [file for file in places if foreign.match(file)] == []
    traits = {file.split("/")[2] for file in places if file.startswith(("dist/traits/", "overlays/components/"))}
    assert traits <= {*settings.traits}


def test_a_component_that_an_environment_has_not() -> None:
    """It is not explained there; what others have because of it is left out, too."""
    assert "no component locust-master; there are: credentials, " in invoke(
        "explain", "locust-master", "-e", "production", code=2
    )
    assert "unknown environment 'nowhere'" in invoke("explain", "kafka", "-e", "nowhere", code=2)
    base, own = explained("kafka"), json.loads(invoke("explain", "kafka", "-e", "production", "--json"))
    assert "integration-tests" in base["dependents"]
    assert "integration-tests" not in own["dependents"]
    assert {item["relation"] for item in own["calls"]} == {"peers"}
    assert "testing" not in invoke("graph", "-e", "production")
    assert "wave 6  testing" in invoke("graph")


def test_nothing_hand_written_is_left_out(all_explained: dict[str, dict[str, Any]]) -> None:
    """Every file of an overlay and every component's file is some component's."""
    patches = {place["file"] for explanation in all_explained.values() for place in explanation["overlays"]}
    written = [path for path in (ROOT / "overlays").rglob("*.yaml") if path.parent.name != "generated"]
    there = {path.relative_to(ROOT).as_posix() for path in written}
    assert {path for path in there - patches if not path.endswith("kustomization.yaml")} == set()
    assert [path for path in patches if "/generated/" in path] == []
    files = {path for explanation in all_explained.values() for path in explanation["files"]}
    # A type that only a trait has is explained with -e, where an environment has the trait.
    types = {one.type.replace("-", "_") for one in PLATFORM.components}
    of_types = [path for path in ROOT.glob("constructs_lib/types/*/files/*.*") if path.parents[1].name in types]
    carried = [*ROOT.glob("catalogue/files/*/*.*"), *of_types]
    assert len(carried) > 10
    assert {path.relative_to(ROOT).as_posix() for path in carried} <= files


def test_links_are_seen_from_both_sides(all_explained: dict[str, dict[str, Any]]) -> None:
    """Who calls is called; and each link's policies are among the objects of both."""
    for link in PLATFORM.links:
        consumer, provider = link.consumer.name, link.provider.name
        for name, side, other, direction in (
            (consumer, "calls", provider, "Egress"),
            (provider, "called_by", consumer, "Ingress"),
        ):
            if name not in all_explained:
                continue
            assert (other, link.port.number) in [(t["other"], t["number"]) for t in all_explained[name][side]]
            policy = platform_policies.name(direction, consumer, provider)
            assert policy in [item["name"] for item in all_explained[name]["objects"]]


def test_what_others_have_because_of_a_service(all_explained: dict[str, dict[str, Any]]) -> None:
    """Route, scrape target, dashboard, tests, dead-letter topic, role, migration and Secret."""
    explanation = all_explained["training-orchestrator"]
    others = {item["name"] for item in explanation["objects"] if item["owner"] != "training-orchestrator"}
    assert others >= {
        "chatdb-ingress",
        "credentials-files",
        "grafana-dashboards",
        "integration-tests-matrix",
        "kafka-topics-files",
        "postgres-migrations",
        "postgres-schema-files",
        "prometheus-config",
        "test-service-config",
    }
    assert explanation["secrets"] == [{"name": "training-orchestrator-credentials", "keys": ["DATABASE_URL"]}]
    assert explanation["variables"][0]["origin"] == "consumes"
    assert explanation["after"] == ["credentials", "kafka", "kafka-topics", "postgres", "postgres-schema"]
    assert explanation["dependents"] == ["integration-tests", "test-service"]
    assert "services/training-orchestrator/migrations/0001_jobs.sql" in explanation["files"]
    assert {path.split("/")[1] for path in explanation["files"]} == {"training-orchestrator"}
    assert Relation.NEEDS in {traffic["relation"] for traffic in explanation["calls"]}


def test_a_name_inside_another_is_no_mention(all_explained: dict[str, dict[str, Any]]) -> None:
    """The image apache/kafka and the component kafka-topics are not kafka."""
    names = {item["name"] for item in all_explained["kafka"]["objects"]}
    jobs = {m["metadata"]["name"] for m in manifests(ROOT / "dist/setup") if m["kind"] == "Job"}
    assert len(jobs) == 3
    assert names & jobs == set()


def test_patches_that_remove_or_change(all_explained: dict[str, dict[str, Any]]) -> None:
    """Those that select by kind or by name are found, also those of a trait."""
    for name, patch in (
        ("ingress", "components/gateway-api/edge/kustomization.yaml"),
        ("kafka", "minikube/foundation/kafka.yaml"),
    ):
        assert f"overlays/{patch}" in [place["file"] for place in all_explained[name]["overlays"]]


def test_text_has_everything(all_explained: dict[str, dict[str, Any]]) -> None:
    """People see what programs see, in a form that editors follow."""
    text = invoke("explain", "model-registry")
    explanation = all_explained["model-registry"]
    assert explanation["buckets"] == [{"name": "model-artifacts", "write": True}]
    places = [
        explanation["entry"],
        explanation["construct"],
        *explanation["overlays"],
        *explanation["applications"],
        *explanation["docs"],
    ]
    places += [item["place"] for item in explanation["objects"]]
    assert [place for place in places if f"  {place['file']}:{place['line']}" not in text] == []
    named = [*explanation["after"], *explanation["dependents"], *explanation["files"]]
    named += [name for secret in explanation["secrets"] for name in (secret["name"], *secret["keys"])]
    named += [f"{bucket['name']}  reads" for bucket in explanation["buckets"]]
    named += [variable["value"] for variable in explanation["variables"]]
    assert [name for name in named if name not in text] == []
    assert len(re.findall(r"^  (dist/|overlays/.*/generated/)", text, re.MULTILINE)) == len(explanation["objects"])


def test_unknown_name_is_wrong_usage() -> None:
    """Close matches where there are any; all names where there is none."""
    assert "no component query-parsr; did you mean query-parser?" in invoke("explain", "query-parsr", code=2)
    assert f"no component xyzzy; there are: {', '.join(sorted(NAMES))}\n" in invoke("explain", "xyzzy", code=2)


def test_broken_yaml_is_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch that cannot be read is named with its line."""
    copy = copy_repository(tmp_path)
    monkeypatch.setitem(main.context_settings, "obj", copy)
    (copy / "overlays/minikube/foundation/kafka.yaml").write_text("# kafka\nkind: {\n")
    message = invoke("explain", "kafka", code=1)
    assert message.startswith("overlays/minikube/foundation/kafka.yaml:3: is not valid YAML: ")
    assert message.endswith("; fix the syntax\n")


def test_missing_dist_is_advice(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads committed files; without them it says what to run."""
    shutil.rmtree(repository / "dist")
    monkeypatch.setitem(main.context_settings, "obj", repository)
    assert invoke("explain", "kafka", code=1) == "dist: is missing; run `chatdb synth`\n"
