"""Drift of an environment: its live objects against the commits that its tiers run."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from chatdb.committed import checked_out
from chatdb.deploy.kubectl import APPLY, FIELD_MANAGER, Kubectl, KubectlError, granted_by
from chatdb.drift.compare import FieldDrift, drift
from chatdb.drift.managers import DEPLOYERS, controllers, latest, owned
from chatdb.git import git
from chatdb.plan.pinned import deployed
from chatdb.plan.sides import FOLDERS, Side, accounts
from constructs_lib import manifest_yaml
from constructs_lib.gitops.drift_access import LISTED, NOT_SENT, plural
from constructs_lib.pods import api_group
from constructs_lib.rendered import Identity, Manifest, identity
from constructs_lib.settings import Settings

SERVERS_OWN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
"""What Kubernetes makes in every namespace."""
ACCESS = {False: "drift-access.yaml", True: "drift-apply-access.yaml"}
"""Whether dry runs are sent -> the file of the account that may do so."""
UNKNOWN = "doesn't have a resource type"


class State(StrEnum):
    """How an object differs."""

    MISSING = "missing"
    CHANGED = "changed"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectDrift:
    """One object; `tier` is None, and `manager` who has made it, where nothing declares it."""

    state: State
    tier: str | None
    manifest: Manifest
    fields: tuple[FieldDrift, ...] = ()
    manager: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """What differs, and the commit that each tier was compared with."""

    environment: str
    commits: Mapping[str, str]
    objects: tuple[ObjectDrift, ...]


def found(root: Path, settings: Settings, kubectl: Kubectl, *, dry_run: bool) -> Drift:
    """Compare the cluster with the commits that the tiers are pinned to, and with HEAD where they are not.

    With `dry_run` the server says what an apply would change, which is exact and needs the right to patch. InvalidInput
    where a commit does not build, or the cluster does not answer.
    """
    head = git(root, "rev-parse", "--verify", "HEAD^{commit}")
    with checked_out(root, head, FOLDERS) as base:
        side = deployed(root, settings, base)
        shipped = list(accounts(base, settings.environment))
    declared = [manifest for part in side for manifest in part.objects]
    with granted_by(kubectl, f"argocd/{settings.environment}/{ACCESS[dry_run]}"):
        live = {identity(one): one for one in _live(kubectl, declared)}
        applied = {identity(one): one for one in _applied(kubectl, declared, live)} if dry_run else {}
    pins, programs = dict(settings.pins), controllers(live.values())
    return Drift(
        environment=settings.environment,
        commits={tier: pins.get(tier, head) for tier in settings.tiers},
        objects=(*_declared(side, live, applied, programs), *_undeclared([*declared, *shipped], live, programs)),
    )


def _live(kubectl: Kubectl, declared: Sequence[Manifest]) -> Iterator[Manifest]:
    """Everything in the platform's namespaces that could be declared, and the declared objects without a namespace."""
    kinds = {_resource(manifest): manifest for manifest in declared}
    namespaces = sorted({str(one["metadata"].get("namespace")) for one in declared if one["metadata"].get("namespace")})
    outside = [one for one in declared if not one["metadata"].get("namespace")]
    for manifest in outside:
        yield from _get(kubectl, _resource(manifest), manifest["metadata"]["name"], "--ignore-not-found")
    listed = {_name(name, group) for group, names in LISTED.items() for name in names}
    built_in = listed | {name for name, manifest in kinds.items() if "." not in api_group(manifest)}
    custom = sorted(kinds.keys() - built_in - {_resource(one) for one in outside})
    for namespace in namespaces:
        for names in (",".join(sorted(built_in - {"namespace"})), *custom):
            yield from _get(kubectl, names, f"--namespace={namespace}")


def _get(kubectl: Kubectl, *arguments: str) -> list[Manifest]:
    try:
        return kubectl.items("get", *arguments, "--show-managed-fields")
    except KubectlError as error:
        if UNKNOWN in error.words:
            return []
        raise


def _resource(manifest: Manifest) -> str:
    """As kubectl names the kind: where the plural is known, so that a kind has one name."""
    group, kind = api_group(manifest), str(manifest["kind"])
    return _name(plural(kind) if plural(kind) in LISTED.get(group, ()) else kind.lower(), group)


def _name(kind: str, group: str) -> str:
    return f"{kind}.{group}" if group else kind


def _applied(kubectl: Kubectl, declared: Iterable[Manifest], live: Mapping[Identity, Manifest]) -> Iterator[Manifest]:
    """What the server would make of an apply of those that it has and that are sent, by who has applied them."""
    by_manager: dict[str, list[Manifest]] = {}
    for manifest in declared:
        there = live.get(identity(manifest))
        if there and manifest["kind"] not in NOT_SENT:
            managers = {one.manager for one in owned(there)}
            manager = next((name for name in DEPLOYERS if name in managers), FIELD_MANAGER)
            by_manager.setdefault(manager, []).append(manifest)
    for manager, manifests in by_manager.items():
        options = [one for one in APPLY if not one.startswith("--field-manager")]
        line = (*options, f"--field-manager={manager}", "--dry-run=server")
        yield from kubectl.items(*line, text=manifest_yaml.dump(manifests))


def _declared(
    side: Side, live: Mapping[Identity, Manifest], applied: Mapping[Identity, Manifest], programs: Collection[str]
) -> Iterator[ObjectDrift]:
    for part in side:
        for manifest in part.objects:
            there = live.get(identity(manifest))
            if there is None:
                yield ObjectDrift(state=State.MISSING, tier=part.name, manifest=manifest)
                continue
            fields = drift(manifest, there, programs)
            if would_be := applied.get(identity(manifest)):
                added = [field for field in fields if field.declared is None]
                fields = (*drift(would_be, there, programs), *added)
            if fields:
                yield ObjectDrift(state=State.CHANGED, tier=part.name, manifest=there, fields=fields)


def _undeclared(
    declared: Iterable[Manifest], live: Mapping[Identity, Manifest], programs: Collection[str]
) -> Iterator[ObjectDrift]:
    """Objects that are not declared, that no other one owns, and that no controller or operator has made."""
    names = {identity(one) for one in declared}
    for key, manifest in sorted(live.items()):
        owners = owned(manifest)
        makers = [one for one in owners if one.manager not in programs]
        made = manifest["metadata"].get("ownerReferences") or (owners and not makers) or key[::2] in SERVERS_OWN
        if key not in names and not made:
            yield ObjectDrift(state=State.UNDECLARED, tier=None, manifest=manifest, manager=latest(makers))
