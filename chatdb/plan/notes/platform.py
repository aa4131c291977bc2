"""What concerns the platform as a whole: Secrets' keys, quotas, Applications, and pins."""

import json
from collections.abc import Iterator
from typing import Any

from chatdb.plan.changes import Action
from chatdb.plan.notes.model import Difference, Effect, Found, Rule
from chatdb.plan.notes.reading import Objects, read_keys, workloads
from chatdb.plan.sides import ARGO_CD, tier_of
from constructs_lib.footprint import quota
from constructs_lib.operated import made_by_operator
from constructs_lib.problem import InvalidInput
from constructs_lib.quantity import in_bytes, millicores
from constructs_lib.settings import COMMIT

PLAN = "plan.json"
"""The file of the Job that makes Secrets: which ones, with which keys."""
Keys = set[tuple[str, str, str]]
"""Namespace and name of a Secret, and a key in it."""


def removed_keys(difference: Difference) -> Found:
    """A key that a pod cannot start without, and that nothing makes any more."""
    gone = _keys(difference.old) - _keys(difference.new)
    if not gone:
        return
    for manifest in workloads(difference.new):
        namespace = str(manifest["metadata"].get("namespace") or "")
        for secret, key in dict.fromkeys(read_keys(manifest)):
            if (namespace, secret, key) in gone:
                yield manifest, f"reads key {key} of Secret {secret}, which nothing makes any more"


def _keys(objects: Objects) -> Keys:
    keys: Keys = set()
    for (kind, namespace, name), manifest in objects.items():
        if kind == "Secret":
            keys |= {(namespace, name, key) for field in ("data", "stringData") for key in manifest.get(field) or {}}
        elif kind == "ConfigMap" and PLAN in (manifest.get("data") or {}):
            keys |= set(_planned(manifest["data"][PLAN]))
    return keys


def _planned(text: str) -> Iterator[tuple[str, str, str]]:
    try:
        plan = json.loads(text)
        secrets = plan["secrets"] if isinstance(plan, dict) else plan
        for one in secrets:
            for key in (*one.get("origin", {}), *one.get("derived", {})):
                yield one["namespace"], one["name"], key
    except (AttributeError, KeyError, TypeError, ValueError):
        return


def exceeded_quotas(difference: Difference) -> Found:
    """A namespace whose pods need more, at their peak, than its quota holds."""
    every = list(difference.new.values())
    try:
        every += [made for manifest in every for made in made_by_operator(manifest)]
        quotas = [one for one in every if one["kind"] == "ResourceQuota"]
        for manifest in quotas:
            hard, namespace = manifest["spec"].get("hard") or {}, manifest["metadata"].get("namespace") or ""
            needed = quota(every, namespace)
            short = [
                f"{name}: {needed[name]} needed, {hard[name]} in the quota"
                for name in needed
                if name in hard and _number(name, needed[name]) > _number(name, hard[name])
            ]
            if short and _changes_in(difference, namespace):
                yield manifest, f"at its peak the namespace needs more than its quota: {'; '.join(short)}"
    except (InvalidInput, ValueError):
        # `chatdb check` names what cannot be read.
        return


def _number(name: str, amount: Any) -> int:
    return millicores(amount) if name.endswith("cpu") else in_bytes(amount)


def _changes_in(difference: Difference, namespace: str) -> bool:
    return any(change.manifest["metadata"].get("namespace") == namespace for change in difference.changes)


def moved_objects(difference: Difference) -> Found:
    """An object that another Application applies than before."""
    for change in difference.changes:
        if change.action is Action.MOVE:
            yield (
                change.manifest,
                f"moves from {change.moved_from} to {change.part}: both Applications claim it until both have synced",
            )


def deleted_tiers(difference: Difference) -> Found:
    """A tier's Application that goes, with all that it applies."""
    for manifest in difference.deleted("Application"):
        if tier_of(manifest):
            yield manifest, "Argo CD deletes the Application and every object of it that is not kept"


def pinned_tiers(difference: Difference) -> Found:
    """A tier that changes, and stays at the commit that it is pinned to."""
    changed = {change.part for change in difference.changes if change.part != ARGO_CD}
    for part in difference.after:
        for manifest in part.objects if part.name == ARGO_CD else ():
            if tier_of(manifest) in changed:
                revision = str(manifest["spec"]["source"].get("targetRevision"))
                if COMMIT.fullmatch(revision):
                    yield (
                        manifest,
                        f"is pinned to {revision[:12]}: the change reaches the cluster with the next release",
                    )


RULES = (
    Rule(
        id="secret-key-removed",
        effect=Effect.ADVICE,
        find=removed_keys,
        steps="remove the reader first, and the key with a later release; in a new cluster the pod never starts",
        blocking=True,
    ),
    Rule(
        id="quota-exceeded",
        effect=Effect.REFUSED,
        find=exceeded_quotas,
        steps="raise the quota in the overlay, or run fewer or smaller pods; `chatdb capacity` shows what each needs",
        blocking=True,
    ),
    Rule(
        id="tier-deleted",
        effect=Effect.ADVICE,
        find=deleted_tiers,
        steps="is it meant? put the tier back into `tiers` of chatdb.yaml, or back its data up first",
        blocking=True,
    ),
    Rule(
        id="object-moved",
        effect=Effect.ADVICE,
        find=moved_objects,
        steps="release it while nobody depends on the object: it may be deleted and created again",
    ),
    Rule(
        id="pinned",
        effect=Effect.ADVICE,
        find=pinned_tiers,
        steps="`chatdb release -e ENVIRONMENT` after the merge, or `chatdb promote`",
    ),
)
