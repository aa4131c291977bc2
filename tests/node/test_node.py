"""What a real node does before it needs root: sizes, volumes, command lines, and what keeps it from being started."""

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from catalogue.machines import MACHINES
from chatdb.local.processes import wait_for
from constructs_lib.quantity import in_bytes, millicores
from tests.e2e import stack
from tests.e2e.api import Api, Manifest
from tests.node import namespaces, packages, provisioner, up
from tests.node.namespaces import Namespaces
from tests.node.node import Node, dns_manifests, reserved
from tests.node.oci import File, Layout, Settings

SECONDS = 20

CLAIM: Manifest = {
    "metadata": {"namespace": "n", "name": "c", "uid": "u-1"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "3Gi"}},
        "storageClassName": "standard",
    },
    "status": {"phase": "Pending"},
}


class FakeApi(Api):
    """Notes what is applied and deleted."""

    def __init__(self, **objects: list[dict[str, Any]]) -> None:
        """Objects by their kinds."""
        self.objects = objects
        self.applied: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> "list[Manifest]":  # noqa: ARG002
        """As Api has it."""
        return self.objects.get(kind, [])

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:  # noqa: ARG002
        """As Api has it."""
        self.applied.append(manifest)
        return manifest

    def delete(self, path: str) -> None:
        """As Api has it."""
        self.deleted.append(path)

    def of(self, manifest: Manifest) -> str:
        """As Api has it."""
        return str(manifest["metadata"]["name"])


def test_reserved() -> None:
    """What the system takes of minikube's machine is reserved once: as pods of the node, or as a share without any."""
    shares = [share for share in MACHINES["minikube"].system if share.name != "Argo CD"]
    requests = [
        container["resources"]["requests"]
        for manifest in dns_manifests()
        if manifest["kind"] in ("Deployment", "DaemonSet")
        for container in manifest["spec"]["template"]["spec"]["containers"]
    ]
    assert requests
    left = reserved(dns_manifests())
    assert millicores(left["cpu"]) + sum(millicores(one["cpu"]) for one in requests) == sum(s.cpu for s in shares)
    memory = in_bytes(left["memory"]) + sum(in_bytes(one["memory"]) for one in requests)
    assert memory == sum(share.memory for share in shares)
    assert reserved([])["cpu"] == f"{sum(share.cpu for share in shares)}m"


def test_provision(tmp_path: Path) -> None:
    """A claim that waits gets a folder that anybody may write to, and a volume for itself alone."""
    api = FakeApi(PersistentVolumeClaim=[CLAIM])
    before = os.umask(0o077)
    try:
        provisioner.Provisioner(api, tmp_path).look()
    finally:
        os.umask(before)
    (made,) = api.applied
    assert (tmp_path / "u-1").stat().st_mode & 0o777 == 0o777
    assert made["spec"]["hostPath"]["path"] == str(tmp_path / "u-1")
    assert made["spec"]["capacity"] == {"storage": "3Gi"}
    assert made["spec"]["claimRef"]["uid"] == "u-1"


@pytest.mark.parametrize(
    "change",
    [
        {"status": {"phase": "Bound"}},
        {"spec": CLAIM["spec"] | {"volumeName": "v"}},
        {"spec": CLAIM["spec"] | {"storageClassName": "fast"}},
    ],
)
def test_claims_of_others(change: dict[str, Any], tmp_path: Path) -> None:
    """Nothing is provided for a claim that has a volume, names one, or is of another class."""
    api = FakeApi(PersistentVolumeClaim=[CLAIM | change])
    provisioner.Provisioner(api, tmp_path).look()
    assert (api.applied, list(tmp_path.iterdir())) == ([], [])


def test_released(tmp_path: Path) -> None:
    """Data goes with its claim; a volume in use and one of somebody else stay."""
    ours = provisioner.volume(CLAIM, tmp_path) | {"status": {"phase": "Released"}}
    used = provisioner.volume(CLAIM, tmp_path) | {"status": {"phase": "Bound"}}
    theirs = {**ours, "metadata": {"name": "theirs"}}
    (tmp_path / "u-1").mkdir()
    api = FakeApi(PersistentVolume=[used, theirs])
    provisioner.Provisioner(api, tmp_path).look()
    assert (api.deleted, (tmp_path / "u-1").exists()) == ([], True)
    api.objects["PersistentVolume"].append(ours)
    provisioner.Provisioner(api, tmp_path).look()
    assert (api.deleted, (tmp_path / "u-1").exists()) == (["pvc-u-1"], False)


def test_provisioner_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an error that nobody foresaw, which it prints: the next claim gets its volume."""
    api = FakeApi(PersistentVolumeClaim=[{"metadata": {"name": "odd"}}])
    monkeypatch.setattr(provisioner, "PERIOD", 0.01)
    running = provisioner.Provisioner(api, tmp_path / "volumes")
    running.start()
    try:
        wait_for("the error is printed", SECONDS, lambda: "KeyError: 'spec'" in capsys.readouterr().err)
        api.objects["PersistentVolumeClaim"] = [CLAIM]
        wait_for("the claim has its volume", SECONDS, (tmp_path / "volumes/u-1").exists)
    finally:
        running.stop()


class FakeContainerd(Node):
    """Has images, and notes what it is told."""

    def __init__(self, folder: Path, names: dict[str, str]) -> None:
        """Names and digests."""
        super().__init__(folder, store=folder / "store")
        self.names = names

    def run(self, *command: str, seconds: float = 0) -> str:  # noqa: ARG002
        """As `ctr images` has it."""
        if command[3] == "rm":
            for name in command[5:]:
                del self.names[name]
            return ""
        return "\n".join(["REF TYPE DIGEST", *(f"{name} type {digest}" for name, digest in self.names.items())])


def test_old_images_go(tmp_path: Path) -> None:
    """What is not kept goes, with the name that the CRI plugin has given it by its configuration."""
    names = {
        "a:1": "d1",
        "a:2": "d2",
        "b:1": "d3",
        "c:1": "d3",
        "sha256:x1": "d1",
        "sha256:x2": "d2",
        "sha256:x3": "d3",
    }
    node = FakeContainerd(tmp_path, names)
    node.keep_images(["a:2", "b:1"])
    assert sorted(names) == ["a:2", "b:1", "sha256:x2", "sha256:x3"]
    node.keep_images(["a:2", "b:1"])


def test_cgroups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One in each hierarchy of version 1, once for two names of it; the one of version 2; each folder has its own."""
    monkeypatch.setattr(namespaces, "CGROUPS", tmp_path)
    for name in ("cpu", "memory", "none"):
        (tmp_path / name).mkdir()
    (tmp_path / "cpu/cgroup.procs").touch()
    (tmp_path / "memory/cgroup.procs").touch()
    (tmp_path / "cpuacct").symlink_to("cpu")
    one, other = Namespaces(Path("/one")), Namespaces(Path("/other"))
    assert one.cgroup != other.cgroup
    assert one.groups() == [tmp_path / "cpu" / one.cgroup, tmp_path / "memory" / one.cgroup]
    (tmp_path / "cgroup.controllers").touch()
    assert one.groups() == [tmp_path / one.cgroup]


def test_sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It removes a cgroup with all that are in it, and only its own."""
    monkeypatch.setattr(namespaces, "CGROUPS", tmp_path)
    (tmp_path / "cgroup.controllers").touch()
    found = Namespaces(Path("/one"))
    (tmp_path / found.cgroup / "kubepods/pod1").mkdir(parents=True)
    (tmp_path / "others/pod2").mkdir(parents=True)
    found.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cgroup.controllers", "others"]


def test_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root is told in one line."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert up.missing() == ("a real node mounts file systems and makes networks", "run it as root")


def test_needs_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is not built, and then Debian's packages that are missing, are named with the command."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(stack, "missing", lambda: None)
    monkeypatch.setattr(up, "STAMPS", tmp_path)
    assert up.missing() == ("kubelet is not built", up.SETUP)
    for name in up.STAMPED:
        (tmp_path / name).touch()
    monkeypatch.setattr(packages, "SEARCH", str(tmp_path))
    monkeypatch.setattr(packages, "NEEDED", {"runc": "runc", "ip": "iproute2"})
    what, fix = up.missing() or ("", "")
    assert (what, fix) == ("these packages of Debian are missing: iproute2 runc", up.SETUP)


def test_packages_without_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Who cannot install is told the command; nothing is run."""
    monkeypatch.setattr(packages, "missing", lambda: ["iproute2", "runc"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it ran something"))
    assert packages.main() == 1
    assert capsys.readouterr().err.endswith("apt-get install -y -qq --no-install-recommends iproute2 runc\n")


def test_folder_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that holds something else is left alone by both commands."""
    (tmp_path / "mine").touch()
    there = dataclasses.replace(up.UP, missing=lambda: None)
    assert there.start(tmp_path) == 1
    assert "holds something else" in capsys.readouterr().err
    assert there.stop(tmp_path) == 1
    assert "no node in" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_images_that_containerd_does_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is what it said, and the room that the disk has, also where it ends before it has read all."""
    layout = Layout(tmp_path / "layout")
    layout.add("one:1", [layout.layer({"a": File(b"x" * 1_000_000)})], Settings(("/a",)))
    node = Node(tmp_path / "node", store=tmp_path)
    (node.folder / "logs").mkdir(parents=True)
    refuse = ("sh", "-c", "echo no space left on device >&2; exit 1")
    monkeypatch.setattr(node.namespaces, "enter", lambda *line: list(refuse) if line[-1] == "-" else ["true"])
    with pytest.raises(RuntimeError, match=r"take the images \(.+ GB free\): no space left on device"):
        node.take_images(layout, {"one:1": "one:1"})
