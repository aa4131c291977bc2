"""The accounts that `chatdb drift` needs, for an administrator to apply by hand: one reads, one may also patch."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from constructs_lib.gitops.accounts import GROUP, Account, Resources, rules
from constructs_lib.resolved import ResolvedPlatform
from constructs_lib.settings import Settings

LISTED: Resources = {
    "": (
        "configmaps", "limitranges", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas",
        "services", "serviceaccounts",
    ),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    GROUP: ("roles", "rolebindings"),
}  # fmt: skip
"""Kinds of which an object that nothing declares is drift. Secrets are none: reading them would show their values."""
NAMESPACES: Resources = {"": ("namespaces",)}
NOT_SENT = ("Role", "RoleBinding")
"""What is compared without a dry run: for a Role the server demands all rights that the Role gives."""
VOWELS = "aeiou"


def drift_access(
    platform: ResolvedPlatform, settings: Settings, kinds: Collection[tuple[str, str]], name: str, *, patch: bool
) -> Iterator[dict[str, Any]]:
    """A ServiceAccount of that name, and what it may do: read what may have drifted, and with `patch` send dry runs.

    `kinds` are (API group, kind) of what the environment may declare in a namespace. Kubernetes has no right to dry
    runs alone: who may send them may also patch.
    """
    declared = _by_group(kinds)
    sent = _by_group((group, kind) for group, kind in kinds if kind not in NOT_SENT)
    read = {group: sorted({*LISTED.get(group, ()), *declared.get(group, ())}) for group in {**LISTED, **declared}}
    may = rules(read) + (rules(sent, verbs=["patch"]) if patch else [])
    account = Account.of(platform, settings, name)
    yield account.itself()
    verbs = ("get", "patch") if patch else ("get",)
    yield from account.granted(rules(NAMESPACES, verbs=verbs, names=platform.namespaces.names))
    for namespace in platform.namespaces.names:
        yield from account.granted(may, namespace)


def _by_group(kinds: Iterable[tuple[str, str]]) -> Resources:
    """The plurals of (API group, kind), sorted."""
    found = defaultdict(set)
    for group, kind in kinds:
        found[group].add(plural(kind))
    return {group: sorted(found[group]) for group in sorted(found)}


def plural(kind: str) -> str:
    """The name of a kind in rules: Kubernetes' own convention, but for kinds that somebody has named otherwise."""
    name = kind.lower()
    if name.endswith("y") and name[-2] not in VOWELS:
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"
