"""The test environment node-engines: an engine for more than one machine on one node, without monitoring and tests."""

from dataclasses import replace

import yaml

from catalogue.components import CATALOGUE
from catalogue.tiers import OPTIONAL_TIERS
from constructs_lib.machine import Machine
from constructs_lib.quantity import MIB
from tests.e2e import cluster
from tests.node import cloudnative_pg
from tests.node.deployed import Deployed
from tests.repository import attach, set_values

MACHINE: Machine = replace(cluster.MACHINE, memory=12288 * MIB)
RESOURCES = {
    "requests": {"cpu": "200m", "memory": "384Mi", "ephemeral-storage": "64Mi"},
    "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "512Mi"},
}
"""Those of minikube's one server, for each instance."""
SMALL = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "postgres", "namespace": "chatdb-system"},
    "spec": {"resources": RESOURCES, "storage": {"size": "2Gi"}},
}


def postgres(deployed: Deployed) -> None:
    """Have CloudNativePG in place of the one server, and its operator on the node."""
    node, work = deployed.place.node, deployed.origin.work
    assert node is not None
    patch = work / "overlays/minikube/foundation/postgres.yaml"
    patch.write_text(yaml.safe_dump(SMALL, sort_keys=False), encoding="utf-8")
    set_values(work, "minikube", tiers=[str(tier) for tier in deployed.tiers if tier not in OPTIONAL_TIERS])
    attach(work, "minikube", ["postgres-cloudnative-pg"])
    cloudnative_pg.install(node, CATALOGUE.images["postgres-cloudnative-pg"].reference)


def deploy(deployed: Deployed) -> str:
    """Without Argo CD, to whom the operator's Application would be another repository's."""
    return deployed.script("deploy-all.sh")
