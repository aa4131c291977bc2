"""Backups on a node: what is deployed for them, what the page has, what is compared after a restore."""

from base64 import b64decode
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml
from cryptography import x509

from catalogue.components import CATALOGUE
from catalogue.operators import BARMAN_CLOUD, CERT_MANAGER
from constructs_lib.gitops.regenerate import regenerate
from constructs_lib.kustomize import kustomize
from tests.node import barman_cloud, cloudnative_pg
from tests.node.deployed import Deployed
from tests.node.long import backup, postgres
from tests.node.long.acknowledged import Order
from tests.node.long.backup import END, MOMENT, Restored, Taken
from tests.node.long.move import Rows
from tests.node.oci import File
from tests.repository import copy_generated

BEFORE = {"jobs": {"1": "a", "2": "b"}, "models": {"x": "d"}}
DELETED = {"jobs": {"1": "a", "2": "changed", "3": "c", "4": "e"}, "models": {"x": "d", "y": "f"}}


def restored(to: str, after: Rows) -> Restored:
    """Of a restore that began at 100."""
    return Restored(
        to=to, began=100.0, led=130.0, whole=190.0, silent=95.0, before=BEFORE, deleted=DELETED, after=after
    )


def test_rows_after_a_restore() -> None:
    """Those of before have to be there; younger ones may be, but not where a moment was restored."""
    whole = {"jobs": {"1": "a", "2": "b", "3": "c", "4": "of another job"}, "models": {"x": "d"}}
    assert list(restored(END, whole).problems()) == []
    assert restored(END, whole).row() == f"| {END} | 30 s | 90 s | 95 s | 3 | 3 | 0 | 0 | 3 | 1 |"
    assert list(restored(MOMENT, whole).problems()) == [f"restored to {MOMENT}: 1 rows are younger than it"]
    assert list(restored(MOMENT, BEFORE).problems()) == []
    less = restored(END, {"jobs": {"2": "other"}})
    assert list(less.problems()) == [
        f"restored to {END}: jobs lost 1 of 2 rows",
        f"restored to {END}: models lost 1 of 1 rows",
    ]
    assert less.row().endswith("| 3 | 0 | 1 | 2 | 3 | 0 |")


def test_orders_that_may_be_gone() -> None:
    """Those that were acknowledged after the moment and before the restore."""
    orders = [Order(tag=0, acknowledged=moment) for moment in (None, 5.0, 50.0, 99.0, 150.0)]
    assert [one.acknowledged for one in restored(END, BEFORE).sure(orders, 40.0)] == [None, 5.0, 150.0]


def test_table() -> None:
    """A row for each backup, and for each restore."""
    taken = Taken(by="hand", seconds=12.4, databases=40 * 2**20, stored=5 * 2**20)
    lines = list(backup.table([taken], [restored(END, BEFORE), restored(MOMENT, BEFORE)]))
    assert "| hand | 12 s | 40 MiB | 5.0 MiB |" in lines
    assert [sum(line.startswith(f"| {to} |") for line in lines) for to in (END, MOMENT)] == [1, 1]
    heads = [above for above, line in pairwise(lines) if line.startswith("|---")]
    for head, row in zip(heads, (lines[2], lines[-1]), strict=True):
        assert head.count("|") == row.count("|")


def test_manifests_of_the_page() -> None:
    """A Backup of the Cluster, and the patch with other names and a moment."""
    made = yaml.safe_load(backup.block("kind: Backup"))
    assert (made["apiVersion"], made["kind"]) == backup.BACKUP
    assert made["spec"]["cluster"]["name"] == postgres.POSTGRES.name
    spec = yaml.safe_load(backup.patch("first", "second", 1795924761.0))["spec"]
    (source,), (plugin,) = spec["externalClusters"], spec["plugins"]
    assert source["plugin"]["parameters"]["serverName"] == "first"
    assert plugin["parameters"]["serverName"] == "second"
    assert spec["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-11-29 03:59:21+00"}
    assert "recoveryTarget" not in backup.patch("first", "second")
    with pytest.raises(ValueError, match="not enough values"):
        backup.block("kind: Nothing")


def test_what_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small instances with the plugin; a restored Cluster begins with the archive and has another one."""
    work = copy_generated(tmp_path)
    installed: list[object] = []
    monkeypatch.setattr(cloudnative_pg, "install", lambda node, _: installed.append(node))
    monkeypatch.setattr(barman_cloud, "install", installed.append)
    node = object()
    deployed = SimpleNamespace(origin=SimpleNamespace(work=work), place=SimpleNamespace(node=node))
    backup.with_backups(cast(Deployed, deployed))
    assert installed == [node, node]
    regenerate(work, lambda: CATALOGUE)
    folder = work / "overlays/minikube/foundation"
    made = {(one["kind"], one["metadata"]["name"]): one for one in kustomize(work, folder)}
    spec = made["Cluster", "postgres"]["spec"]
    assert spec["resources"] == postgres.RESOURCES
    assert spec["bootstrap"].keys() == {"initdb"}
    store = made["ObjectStore", "postgres-backups"]["spec"]["configuration"]
    assert store["destinationPath"] == f"s3://{backup.BUCKET}/"
    assert ("ScheduledBackup", "postgres-backups") in made
    postgres.write_patches(work, postgres.small(), backup.patch("postgres", "postgres-2"))
    (spec,) = [one["spec"] for one in kustomize(work, folder) if one["kind"] == "Cluster"]
    assert spec["bootstrap"] == {"recovery": {"source": "archive"}}
    assert spec["plugins"][0]["parameters"]["serverName"] == "postgres-2"
    assert spec["resources"] == postgres.RESOURCES


KUSTOMIZATION = """
namespace: cnpg-system
resources: [all.yaml]
images: [{name: plugin-barman-cloud, newName: ghcr.io/tests, newTag: main}]
"""
OBJECTS = """
{apiVersion: cert-manager.io/v1, kind: Issuer, metadata: {name: own}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: server}
spec: {secretName: server-tls, commonName: barman-cloud, dnsNames: [barman-cloud]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: barman-cloud}
spec:
  template:
    spec:
      containers: [{name: barman-cloud, image: "plugin-barman-cloud:latest", env: [{name: SIDECAR_IMAGE, value: old}]}]
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: some.example}}
"""


def test_manifests_of_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As our Application renders them; what cert-manager would make of its objects is in their place."""
    source = tmp_path / "etc/kubernetes"
    source.mkdir(parents=True)
    (source / "kustomization.yaml").write_text(KUSTOMIZATION, encoding="utf-8")
    (source / "all.yaml").write_text(OBJECTS, encoding="utf-8")
    monkeypatch.setattr(barman_cloud, "BUILT", tmp_path)
    definition, deployment, secret = barman_cloud.manifests()
    assert definition["kind"] == "CustomResourceDefinition"
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    image = f"ghcr.io/cloudnative-pg/plugin-barman-cloud:{BARMAN_CLOUD.revision}"
    assert container["image"] == image
    assert [one["value"] for one in container["env"]] == [image.replace(":", "-sidecar:")]
    assert secret["metadata"] == {"name": "server-tls", "namespace": "cnpg-system"}
    certificate = x509.load_pem_x509_certificate(b64decode(secret["data"]["tls.crt"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["barman-cloud"]


def test_pod_in_place_of_cert_manager() -> None:
    """Where `chatdb deploy` looks for it."""
    namespace, pod = barman_cloud.cert_manager()
    assert pod["metadata"]["namespace"] == namespace["metadata"]["name"] == CERT_MANAGER.node.namespace
    assert pod["metadata"]["labels"].items() >= CERT_MANAGER.node.pod_labels.items()


def test_commands_of_barman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a script beside the packages, which are there as the lock says."""
    monkeypatch.setattr(barman_cloud, "LOCK", tmp_path / "lock")
    (tmp_path / "lock").touch()
    information = tmp_path / "packages/barman-1.dist-info"
    information.mkdir(parents=True)
    (information / "entry_points.txt").write_text("[console_scripts]\nbarman-cloud-backup = barman.some:main\n")
    made = barman_cloud.barman(tmp_path / "packages")
    script = made["usr/local/bin/barman-cloud-backup"]
    assert isinstance(script, File)
    assert "from barman.some import main as main" in str(script.content)
    assert made.keys() == {"opt/barman", "usr/local/bin/barman-cloud-backup"}
