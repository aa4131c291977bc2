"""How the objects of a variation differ from those of its base, as a Kustomize Component writes it."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import jsonpatch

from constructs_lib.gitops.kustomizations import patch
from constructs_lib.rendered import Identity, Manifest, identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """Objects that the base lacks, those that it has too many, and of the others the JSON patch (RFC 6902) of each.

    Nothing in it is an error where its target is not there: other variations may have taken that away.
    """

    added: Mapping[Identity, Manifest] = field(default_factory=dict)
    removed: Mapping[Identity, Manifest] = field(default_factory=dict)
    changed: Mapping[Identity, tuple[Manifest, list[Manifest]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)

    def patches(self) -> list[Manifest]:
        """The entries of a kustomization's `patches`: a selector that matches nothing is none of Kustomize's errors."""
        return [
            *(patch(one, {"$patch": "delete", **_head(one)}) for one in self.removed.values()),
            *(patch(one, operations) for one, operations in self.changed.values()),
        ]

    def onto(self, objects: Mapping[Identity, Manifest]) -> dict[Identity, Manifest]:
        """The objects with the difference; JsonPatchException or JsonPointerException where one does not apply."""
        made = {key: one for key, one in objects.items() if key not in self.removed} | dict(self.added)
        for key, (_, operations) in self.changed.items():
            if key in made:
                made[key] = dict(jsonpatch.apply_patch(deepcopy(made[key]), operations))
        return made


def _head(manifest: Manifest) -> Manifest:
    """What a merge patch has to say of its object."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key in ("name", "namespace")}
    return {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": metadata}


def by_identity(objects: Iterable[Manifest]) -> dict[Identity, Manifest]:
    """The objects by kind, namespace and name, sorted."""
    return dict(sorted((identity(one), one) for one in objects))


def difference(before: Mapping[Identity, Manifest], after: Mapping[Identity, Manifest]) -> Delta:
    """What makes the objects of one side those of the other."""
    both = [key for key in before if key in after and before[key] != after[key]]
    return Delta(
        added={key: one for key, one in after.items() if key not in before},
        removed={key: one for key, one in before.items() if key not in after},
        changed={key: (before[key], jsonpatch.make_patch(before[key], after[key]).patch) for key in both},
    )
