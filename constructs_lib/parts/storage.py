"""What a container mounts, and where it comes from."""

from dataclasses import dataclass

from cdk8s_plus_32 import k8s
from constructs import Construct

from constructs_lib.model import Storage
from constructs_lib.parts.config import Config
from constructs_lib.parts.labels import KEEP, metadata, object_labels
from constructs_lib.parts.values import quantity
from constructs_lib.resolved import ResolvedComponent


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A volume and where it is mounted; with none of the three sources it is a StatefulSet's volume claim template."""

    name: str
    path: str
    config: Config | None = None
    claim: str | None = None
    scratch: str | None = None
    """Size limit of an emptyDir, as a quantity."""

    @property
    def mount(self) -> k8s.VolumeMount:
        """How the container sees it."""
        return k8s.VolumeMount(name=self.name, mount_path=self.path, read_only=True if self.config else None)

    @property
    def volume(self) -> k8s.Volume | None:
        """What the pod declares; None where the StatefulSet does."""
        if self.config:
            return k8s.Volume(name=self.name, config_map=k8s.ConfigMapVolumeSource(name=self.config.name))
        if self.claim:
            source = k8s.PersistentVolumeClaimVolumeSource(claim_name=self.claim)
            return k8s.Volume(name=self.name, persistent_volume_claim=source)
        if self.scratch:
            limit = quantity(self.scratch)
            return k8s.Volume(name=self.name, empty_dir=k8s.EmptyDirVolumeSource(size_limit=limit))
        return None


def tmp(size: str = "64Mi") -> Mount:
    """A writable /tmp."""
    return Mount(name="tmp", path="/tmp", scratch=size)


def claim_spec(storage: Storage) -> k8s.PersistentVolumeClaimSpec:
    """Argo CD sees drift where volumeMode is left to the API server."""
    return k8s.PersistentVolumeClaimSpec(
        access_modes=["ReadWriteOnce"],
        volume_mode="Filesystem",
        resources=k8s.VolumeResourceRequirements(requests={"storage": quantity(storage.size)}),
    )


def claim(scope: Construct, component: ResolvedComponent, storage: Storage) -> None:
    """Make a PersistentVolumeClaim that no prune deletes."""
    made = metadata(component, storage.claim, annotations=KEEP)
    k8s.KubePersistentVolumeClaim(scope, f"claim-{storage.claim}", metadata=made, spec=claim_spec(storage))


def claim_template(component: ResolvedComponent, storage: Storage) -> k8s.KubePersistentVolumeClaimProps:
    """The volume claim template of a StatefulSet."""
    made = k8s.ObjectMeta(name=storage.claim, labels=object_labels(component))
    return k8s.KubePersistentVolumeClaimProps(metadata=made, spec=claim_spec(storage))
