"""Changes that put data at risk: volumes that go, that are read elsewhere, or that another program opens."""

from chatdb.plan.notes.model import Difference, Effect, Finder, Found, Rule
from chatdb.plan.notes.reading import WORKLOADS, image_pairs, mounts, size, values, version
from chatdb.plan.sides import tier_of
from constructs_lib.rendered import identity

POSTGRES = ("postgres", "postgresql")
"""The last part of the image's path."""
IDENTITY = ("CLUSTER_ID", "KAFKA_NODE_ID", "KAFKA_LOG_DIRS", "PGDATA")
"""Variables that say whose data it is, or where."""
BACKUP = "back it up first, and try the restore"


def deleted_volumes(difference: Difference) -> Found:
    """A claim, or the namespace that it is in."""
    for manifest in difference.deleted("PersistentVolumeClaim"):
        yield manifest, "Argo CD deletes the claim, and the volume's data with it"
    for manifest in difference.deleted("Namespace"):
        yield manifest, "Argo CD deletes the namespace and everything in it, claims included"


def deleted_stateful_sets(difference: Difference) -> Found:
    """A StatefulSet with volumes of its own."""
    for manifest in difference.deleted("StatefulSet"):
        spec = manifest.get("spec") or {}
        claims = [one["metadata"]["name"] for one in spec.get("volumeClaimTemplates") or []]
        if claims:
            policy = (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted", "Retain")
            fate = "stay, and nothing mounts them" if policy == "Retain" else "are deleted, and their data with them"
            yield manifest, f"Argo CD deletes the StatefulSet; its claims ({', '.join(claims)}) {fate}"


def deleted_definitions(difference: Difference) -> Found:
    """A CustomResourceDefinition, or the Application of an operator, which has some."""
    for manifest in difference.deleted("CustomResourceDefinition"):
        yield manifest, "the API server deletes every object of this kind, in every namespace"
    for manifest in difference.deleted("Application"):
        if not tier_of(manifest):
            yield manifest, "Argo CD deletes all that the Application has applied; of an operator, its definitions too"


def renamed_claims(difference: Difference) -> Found:
    """A path at which another claim is mounted than before."""
    for before, after, _ in difference.changed(*WORKLOADS):
        old = {(one.container, one.path): one.claim for one in mounts(before)}
        kept = {one.claim for one in mounts(after)}
        new = {(one.container, one.path): one.claim for one in mounts(after)}
        for place, claim in old.items():
            if claim not in kept and new.get(place) != claim:
                instead = f"claim {new[place]}" if place in new else "the container's own disk"
                yield after, f"{place[1]} is {instead}, no longer claim {claim}: the program starts without its data"


def moved_mounts(difference: Difference) -> Found:
    """A claim that stays, and is seen at another path."""
    for before, after, _ in difference.changed(*WORKLOADS):
        new = {(one.container, one.claim): one for one in mounts(after)}
        for one in mounts(before):
            other = new.get((one.container, one.claim))
            if other and (other.path, other.sub_path) != (one.path, one.sub_path):
                places = (
                    f"{each.path}{f' (subPath {each.sub_path})' if each.sub_path else ''}" for each in (one, other)
                )
                yield after, f"claim {one.claim} moves from {' to '.join(places)}: the program may not find its data"


def majors_of_postgres(difference: Difference) -> Found:
    """Another major version of PostgreSQL on the same volume."""
    for before, after, _ in difference.changed(*WORKLOADS):
        for _, old, new in image_pairs(before, after):
            if all(one.path.rpartition("/")[2] in POSTGRES for one in (old, new)) and mounts(after):
                majors = version(old)[:1], version(new)[:1]
                if all(majors) and majors[0] != majors[1]:
                    yield after, f"PostgreSQL {majors[1][0]} does not start on the data of PostgreSQL {majors[0][0]}"


def downgrades(difference: Difference) -> Found:
    """An earlier version of a program on data that a later one has written."""
    for after, text in _downgraded(difference):
        if mounts(after):
            yield after, f"{text}; it may not read data that the later version has written"


def downgraded_images(difference: Difference) -> Found:
    """An earlier version of a program without a volume."""
    return (one for one in _downgraded(difference) if not mounts(one[0]))


def _downgraded(difference: Difference) -> Found:
    for before, after, _ in difference.changed(*WORKLOADS):
        for name, old, new in image_pairs(before, after):
            older, later = version(new), version(old)
            if old.path == new.path and older and later and older < later:
                yield after, f"container {name} goes back from {old.tag} to {new.tag}"


def other_programs(difference: Difference) -> Found:
    """Another program on the same volume."""
    for before, after, _ in difference.changed(*WORKLOADS):
        for name, old, new in image_pairs(before, after):
            paths = old.path, new.path
            if mounts(before) and mounts(after) and paths[0].rpartition("/")[2] != paths[1].rpartition("/")[2]:
                yield after, f"container {name} runs {paths[1]} on the volume of {paths[0]}; data is not converted"


def identities(difference: Difference) -> Found:
    """A value by which a program knows its data."""
    for manifest in difference.new.values():
        before = difference.old.get(identity(manifest))
        if manifest["kind"] not in WORKLOADS or not before or not mounts(before):
            continue
        old, new = values(before, difference.old), values(manifest, difference.new)
        for name in IDENTITY:
            if name in old and old[name] != new.get(name):
                yield (
                    manifest,
                    f"{name} is {new.get(name, 'not set')}, and was {old[name]}: the data on the volume is another's",
                )


def grown_volumes(difference: Difference) -> Found:
    """A claim that becomes larger."""
    for before, after, _ in difference.changed("PersistentVolumeClaim"):
        sizes = [size(one) for one in (before, after)]
        if sizes[1] > sizes[0]:
            yield after, "the volume grows where its StorageClass has `allowVolumeExpansion`; else the claim is refused"


def _blocking(id_: str, find: Finder, steps: str) -> Rule:
    return Rule(id=id_, effect=Effect.ADVICE, find=find, steps=steps, blocking=True)


RULES = (
    _blocking("volume-deleted", deleted_volumes, f"{BACKUP}; the annotation that keeps it is in docs/plan.md"),
    _blocking("statefulset-deleted", deleted_stateful_sets, f"{BACKUP}; move the data before the StatefulSet goes"),
    _blocking("definition-deleted", deleted_definitions, f"{BACKUP}; delete its objects first, then the operator"),
    _blocking("claim-renamed", renamed_claims, "copy the data from the old claim into the new one before the merge"),
    _blocking("mount-moved", moved_mounts, "set the program's data directory to the new path, or revert it"),
    _blocking(
        "postgres-major",
        majors_of_postgres,
        "dump with pg_dumpall, start the new major on an empty volume, and restore",
    ),
    _blocking("engine-downgraded", downgrades, f"{BACKUP}; read the program's notes on downgrades, or revert it"),
    _blocking("engine-replaced", other_programs, f"{BACKUP}; start the new program on a claim of its own, and copy"),
    _blocking("data-identity", identities, "revert it: a value by which a program knows its data never changes"),
    Rule(
        id="volume-grown",
        effect=Effect.ADVICE,
        find=grown_volumes,
        steps="look at `kubectl get storageclass`; a volume never becomes smaller again",
    ),
    Rule(
        id="image-downgraded",
        effect=Effect.ADVICE,
        find=downgraded_images,
        steps="is it meant? an older version may have gaps that are closed in the later one",
    ),
)
