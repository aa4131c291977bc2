"""Backups of PostgreSQL: the setting, and what the trait postgres-backups renders of it."""

import re
from pathlib import Path
from typing import Any

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.backups import read_backups
from constructs_lib.footprint import quota
from constructs_lib.gitops.argo_cd import operator_application, operators_project
from constructs_lib.gitops.kustomizations import kustomization, write_objects
from constructs_lib.kustomize import kustomize
from constructs_lib.model import Component, External
from constructs_lib.operated import SIDECAR, made_by_operator
from constructs_lib.options import Backups, ObjectStore, Options
from constructs_lib.pods import is_sidecar
from constructs_lib.quantity import in_bytes
from constructs_lib.render import render, render_variation
from constructs_lib.resolve import varied
from constructs_lib.resolve.variation import operators
from constructs_lib.resolved import ResolvedPlatform, ScriptComponent
from constructs_lib.settings import read_settings
from constructs_lib.yaml_files import Place
from tests.repository import PLATFORM, ROOT

TRAITS = ("postgres-cloudnative-pg", "postgres-backups")
BACKUPS = Backups(bucket="acme-backups", schedule="0 30 2 * * 1-5", retention="4w")
EXTERNAL = ObjectStore(endpoint="https://s3.example", host="s3.example", port=443)
PLACE = Place("chatdb.yaml", None)
SETTINGS = read_settings(ROOT, CATALOGUE, "production")


def platform(store: ObjectStore | None = None) -> ResolvedPlatform:
    """With backups, to a store of ours or to another one."""
    traits = (*TRAITS, "object-store-external") if store else TRAITS
    return varied(PLATFORM, traits, Options(object_store=store, backups=BACKUPS))


def objects(store: ObjectStore | None = None) -> dict[str, dict[str, Any]]:
    """What is rendered for PostgreSQL, by kind."""
    rendered = render_variation(platform(store), PLATFORM, render(PLATFORM))
    return {one["kind"]: one for one in rendered.charts["foundation", "postgres"]}


@pytest.mark.parametrize(
    ("store", "endpoint", "secret"),
    [
        (None, "http://minio.chatdb-system.svc.cluster.local:9000", "postgres-credentials"),
        (EXTERNAL, "https://s3.example", "postgres-object-store"),
    ],
)
def test_objects(store: ObjectStore | None, endpoint: str, secret: str) -> None:
    """All name each other, and a Secret that has the keys."""
    made = objects(store)
    kept = made["ObjectStore"]["spec"]
    (plugin,) = made["Cluster"]["spec"]["plugins"]
    backup = made["ScheduledBackup"]["spec"]
    assert plugin["isWALArchiver"]
    assert plugin["parameters"]["barmanObjectName"] == made["ObjectStore"]["metadata"]["name"]
    assert backup["cluster"]["name"] == made["Cluster"]["metadata"]["name"]
    assert backup["pluginConfiguration"]["name"] == plugin["name"]
    assert (backup["schedule"], kept["retentionPolicy"]) == (BACKUPS.schedule, BACKUPS.retention)
    configuration = kept["configuration"]
    assert (configuration["endpointURL"], configuration["destinationPath"]) == (endpoint, "s3://acme-backups/")
    postgres = platform(store).component("postgres")
    keys = {plan.name: plan.keys for plan in postgres.secrets}
    for reference in configuration["s3Credentials"].values():
        assert reference["name"] == secret
        assert reference["key"] in keys[secret]
    assert "postgres-to-minio" in {policy.name for policy in postgres.policies}


def test_bucket_is_made_where_the_store_is_ours() -> None:
    """Others make those of theirs; of both it is known who uses the bucket."""
    job = platform().component("object-store-buckets")
    assert isinstance(job, ScriptComponent)
    assert "acme-backups" in job.folders[0].files["plan.json"]
    for store in (None, EXTERNAL):
        catalogue = platform(store).catalogue
        assert "acme-backups" in {bucket.name for bucket in catalogue.buckets}
        (access,) = catalogue.component("postgres").buckets
        assert (access.bucket, access.write) == ("acme-backups", True)
    assert isinstance(platform().catalogue.node("minio"), Component)
    assert isinstance(platform(EXTERNAL).catalogue.node("minio"), External)


def test_container_of_the_plugin_counts() -> None:
    """In each instance, and in the quota, it has what the ObjectStore says."""
    made = objects()
    assert made["ObjectStore"]["spec"]["instanceSidecarConfiguration"]["resources"] == SIDECAR
    without = {**made["Cluster"], "spec": {key: v for key, v in made["Cluster"]["spec"].items() if key != "plugins"}}
    sets = [one for one in made_by_operator(made["Cluster"]) if one["kind"] == "StatefulSet"]
    for one in sets:
        assert any(is_sidecar(c) for c in one["spec"]["template"]["spec"]["initContainers"])
    memory = [
        in_bytes(quota(made_by_operator(cluster), "chatdb-system", 1)["limits.memory"])
        for cluster in (made["Cluster"], without)
    ]
    assert memory[0] - memory[1] >= 3 * in_bytes(SIDECAR["limits"]["memory"])


def test_operators_come_with_the_trait() -> None:
    """Each once, into its namespace, which a chart does not have; the project allows their kinds and repositories."""
    needed = operators(PLATFORM, TRAITS)
    made = {one.node.name: operator_application(PLATFORM, SETTINGS, one)["spec"] for one in needed}
    assert set(made) == {"cloudnative-pg", "barman-cloud", "cert-manager"}
    spaces = {name: "CreateNamespace=true" in spec["syncPolicy"]["syncOptions"] for name, spec in made.items()}
    assert spaces == {"cloudnative-pg": False, "barman-cloud": False, "cert-manager": True}
    project = operators_project(PLATFORM, SETTINGS, needed)["spec"]
    assert [one["namespace"] for one in project["destinations"]] == ["cnpg-system", "cert-manager"]
    assert {spec["source"]["repoURL"] for spec in made.values()} == set(project["sourceRepos"])


def test_patch_that_restores(tmp_path: Path) -> None:
    """As docs/production.md has it: a Cluster that begins with the archive of this one, and has one of its own."""
    page = (ROOT / "docs/production.md").read_text(encoding="utf-8")
    (text,) = (
        block for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) if "recovery:" in block
    )
    made = objects(EXTERNAL)
    write_objects(tmp_path / "base/objects.yaml", [made["Cluster"]])
    content = kustomization(["base/objects.yaml"]) | {"patches": [{"path": "patch.yaml"}]}
    write_objects(tmp_path / "kustomization.yaml", [content])
    (tmp_path / "patch.yaml").write_text(text, encoding="utf-8")
    (cluster,) = kustomize(tmp_path, tmp_path, ROOT)
    spec = cluster["spec"]
    (source,), (plugin,) = spec["externalClusters"], spec["plugins"]
    assert spec["bootstrap"] == {"recovery": {"source": source["name"]}}
    archive, own = source["plugin"]["parameters"], plugin["parameters"]
    assert archive == {"barmanObjectName": made["ObjectStore"]["metadata"]["name"], "serverName": "postgres"}
    assert own["barmanObjectName"] == archive["barmanObjectName"]
    assert own["serverName"] != archive["serverName"]
    assert {key: spec[key] for key in spec.keys() - {"bootstrap", "externalClusters", "plugins"}} == {
        key: value for key, value in made["Cluster"]["spec"].items() if key not in ("bootstrap", "plugins")
    }


@pytest.mark.parametrize(
    "schedule", ["0 0 3 * * *", "*/15 0-30/5 1,13 1 1-6 0", "59 59 23 31 12 6", "0 0 */6 * * 1,2-4"]
)
def test_schedules(schedule: str) -> None:
    """Six fields of numbers, lists, ranges and steps."""
    assert read_backups({"backups": {"bucket": "abc", "schedule": schedule}}, PLACE)[1] == []


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 3 * * *", "has 5 fields of 6"),
        ("@daily", "has 1 fields of 6"),
        ("60 0 24 * * 7", "has no valid second, hour, weekday"),
        ("0 30-5 3 0 13 *", "has no valid minute, day, month"),
        ("0 0 3 * jan mon", "has no valid month, weekday"),
        (3, "has 0 fields of 6"),
        ("0 0 3, * * */0", "has no valid hour, weekday"),
    ],
)
def test_schedules_that_are_none(schedule: object, words: str) -> None:
    """Each wrong field is named."""
    (problem,) = read_backups({"backups": {"bucket": "abc", "schedule": schedule}}, PLACE)[1]
    assert f"schedule {schedule!r} {words}; " in str(problem)


def test_defaults() -> None:
    """A bucket is enough; without the setting there are none."""
    assert read_backups({}, PLACE) == (None, [])
    backups, problems = read_backups({"backups": {"bucket": "acme-backups"}}, PLACE)
    assert problems == []
    assert backups == Backups(bucket="acme-backups", schedule="0 0 3 * * *", retention="30d")


@pytest.mark.parametrize("value", [None, "acme", [], {}, {"bucket": 3}])
def test_what_is_no_setting(value: object) -> None:
    """A problem with a fix, whatever it is."""
    backups, problems = read_backups({"backups": value}, PLACE)
    assert backups is None
    assert problems


def test_environment_without_the_setting_has_no_backups() -> None:
    """The trait alone, as in the list of all traits, changes nothing."""
    assert "backups" not in str(varied(PLATFORM, TRAITS).component("postgres").settings)
    assert CATALOGUE.component("postgres").talks_to == ()
