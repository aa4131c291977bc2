"""The test environment node-engines: one engine for more than one machine, without monitoring and tests."""

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import yaml

from catalogue.tiers import OPTIONAL_TIERS
from constructs_lib.quantity import MIB
from tests.e2e import cluster
from tests.node import cloudnative_pg
from tests.node.deployed import Deployed
from tests.repository import attach, set_values

MACHINE = replace(cluster.MACHINE, memory=12288 * MIB)
FILES = Path(__file__).with_name("files")


def postgres(deployed: Deployed) -> None:
    """CloudNativePG in place of the one server."""
    node, work = deployed.place.node, deployed.origin.work
    assert node is not None
    trait = "postgres-cloudnative-pg"
    shutil.copytree(FILES / trait, work / "overlays/components" / trait)
    k = work / "overlays/minikube/foundation/kustomization.yaml"
    k.write_text(k.read_text().replace("  - path: postgres.yaml\n", ""))
    _vary(deployed, trait)
    quota = {"op": "replace", "path": "/spec/hard", "value": {"pods": "20"}}
    deployed.origin.patch("platform", {"kind": "ResourceQuota", "namespace": "chatdb-system"}, [quota])
    password = base64.b64encode(b"secret1").decode()
    node.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "chatdb-system"}})
    for name, data in (
        ("postgres-credentials", {"POSTGRES_PASSWORD": password}),
        ("postgres-superuser", {"username": base64.b64encode(b"postgres").decode(), "password": password}),
    ):
        metadata = {"name": name, "namespace": "chatdb-system"}
        node.api.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    cloudnative_pg.install(
        node, yaml.safe_load((FILES / trait / "foundation/cluster.yaml").read_text())["spec"]["imageName"]
    )


def _vary(deployed: Deployed, trait: str) -> None:
    work = deployed.origin.work
    set_values(work, "minikube", tiers=[str(tier) for tier in deployed.tiers if tier not in OPTIONAL_TIERS])
    attach(work, "minikube", [trait])


def deploy(deployed: Deployed) -> str:
    """Without Argo CD."""
    return deployed.script("deploy-all.sh")
