"""What minikube's provisioner of volumes does: a folder on the node for each claim that waits, until the claim goes."""

import shutil
import threading
import traceback
from http.client import HTTPException
from pathlib import Path

from tests.e2e.api import Api, ApiError, Manifest

CLASS = "standard"
PROVISIONER = "k8s.io/minikube-hostpath"
PERIOD = 0.5


class Provisioner:
    """A thread that provides volumes below a folder."""

    def __init__(self, api: Api, folder: Path) -> None:
        """It does not run yet."""
        self.api = api
        self.folder = folder
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Define the class, and look every half second until stopped."""
        self.folder.mkdir()
        self.api.apply(storage_class())
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD):
            try:
                self.look()
            except (OSError, ApiError, HTTPException):
                continue
            except Exception:  # noqa: BLE001 - without this thread no claim would ever get a volume
                traceback.print_exc()

    def look(self) -> None:
        """Provide for claims that wait, and remove volumes whose claims are gone."""
        for claim in self.api.list("v1", "PersistentVolumeClaim"):
            if waits(claim):
                self._provide(claim)
        for made in self.api.list("v1", "PersistentVolume"):
            if released(made):
                shutil.rmtree(self.folder / made["spec"]["claimRef"]["uid"], ignore_errors=True)
                self.api.delete(self.api.of(made))

    def _provide(self, claim: Manifest) -> None:
        made = volume(claim, self.folder)
        path = Path(made["spec"]["hostPath"]["path"])
        path.mkdir(exist_ok=True)
        # Anybody's, whatever the umask is: fsGroup does not reach into a hostPath.
        path.chmod(0o777)
        self.api.apply(made)


def waits(claim: Manifest) -> bool:
    """Whether the claim is for this provisioner, and has no volume yet."""
    spec = claim["spec"]
    pending = claim.get("status", {}).get("phase") == "Pending"
    return pending and spec.get("storageClassName") == CLASS and not spec.get("volumeName")


def released(made: Manifest) -> bool:
    """Whether it is a volume of this provisioner whose claim is gone."""
    annotations = made["metadata"].get("annotations", {})
    ours = annotations.get("pv.kubernetes.io/provisioned-by") == PROVISIONER
    return bool(ours and made.get("status", {}).get("phase") == "Released")


def storage_class() -> Manifest:
    """As minikube has it."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
    }


def volume(claim: Manifest, folder: Path) -> Manifest:
    """The volume of a claim; its folder is named by the claim's uid, so that a new claim never gets old data."""
    metadata, spec = claim["metadata"], claim["spec"]
    reference = {name: metadata[name] for name in ("namespace", "name", "uid")}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{metadata['uid']}",
            "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **reference},
            "hostPath": {"path": str(folder / metadata["uid"])},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
        },
    }
