"""CloudNativePG's operator from its Go module, by the manifest of its release, and what its instances run."""

from functools import partial

import yaml

from chatdb.local.processes import wait_for
from tests.e2e.api import Manifest
from tests.node.images import PATHS, Images, named
from tests.node.node import SECONDS, Node
from tests.node.oci import Entry, File, Link, Settings
from tests.repository import ROOT

BUILT = ROOT / ".tools/node/cloudnative-pg"
STAMP = ROOT / ".tools/stamps/node-cloudnative-pg"
NAMESPACE, NAME = "cnpg-system", "cnpg-controller-manager"
CLUSTER = ("postgresql.cnpg.io/v1", "Cluster")
UID = 26
"""Of the instances, as in upstream's images."""
ACCOUNTS: dict[str, Entry] = {
    "etc/passwd": File(f"root:x:0:0::/root:/bin/sh\npostgres:x:{UID}:{UID}::/tmp:/bin/sh\n"),
    "etc/group": File(f"root:x:0:\npostgres:x:{UID}:\n"),
}
"""Of what runs in the pods of instances."""
FIRST = ("CustomResourceDefinition", "Namespace")


def manifests() -> list[Manifest]:
    """The operator, which pulls no image that is here; first what the rest needs."""
    text = (BUILT / "etc/operator.yaml").read_text(encoding="utf-8")
    made = yaml.safe_load_all(text.replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent"))
    return sorted(made, key=lambda one: one["kind"] not in FIRST)


def make_images(images: Images, instance: str) -> list[str]:
    """Make the operator's image and the one that its instances name; their names."""
    (operator,) = named(manifests())
    entries: dict[str, Entry] = {
        # It looks there for the machines that it is built for, and copies itself into the pods of instances.
        "operator/manager_amd64": File(BUILT / "bin/manager", 0o755),
        "manager": Link("operator/manager_amd64"),
    }
    images.layout.add(operator, [images.layout.layer(entries)], Settings(("/manager",), user="65532"))
    env_vars = {"PATH": f"/usr/lib/postgresql/17/bin:{PATHS}", "LANG": "C.UTF-8"}
    images.layout.add(instance, images.servers(ACCOUNTS), Settings((), ("bash",), user=str(UID), env_vars=env_vars))
    return [operator, instance]


def install(node: Node, instance: str) -> None:
    """Have the operator run, and the image that its instances name."""
    images = Images()
    names = make_images(images, instance)
    node.take_images(images.layout, dict(zip(names, names, strict=True)))
    for manifest in manifests():
        node.api.apply(manifest)
    wait_for("CloudNativePG's operator runs", SECONDS, partial(node.deployed, NAMESPACE, NAME))
