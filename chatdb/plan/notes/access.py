"""Who may do more than before: connections, rights in the API, and the security level of pods."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatdb.plan.notes.model import Difference, Effect, Rule
from chatdb.plan.notes.reading import Objects
from constructs_lib.checks.network_policies import EGRESS, INGRESS, is_network_policy
from constructs_lib.rendered import Manifest

Found = Iterator[tuple[Manifest, str]]
ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("privileged", "baseline", "restricted")
NAMED = 3
"""How many connections or rights a note names."""
ANY = "anybody"


def opened_policies(difference: Difference) -> Found:
    """Connections that policies allow and did not, or that none restricts any more."""
    for manifest in _changed_policies(difference):
        if allowed := sorted(_allowed(manifest, difference.new) - _allowed(manifest, difference.old)):
            yield manifest, f"opens {_list(allowed)}"


def closed_policies(difference: Difference) -> Found:
    """Connections that policies allowed, and do not."""
    for manifest in _changed_policies(difference):
        if lost := sorted(_allowed(manifest, difference.old) - _allowed(manifest, difference.new)):
            yield manifest, f"closes {_list(lost)}"


def _changed_policies(difference: Difference) -> Iterator[Manifest]:
    return (change.manifest for change in difference.changes if is_network_policy(change.manifest))


def _allowed(manifest: Manifest, objects: Objects) -> frozenset[str]:
    """All that the policies on one side allow to the pods that this one selects; where none restricts, everything."""
    namespace, subject = manifest["metadata"].get("namespace"), _selector(_spec(manifest).get("podSelector"))
    mine = [
        _spec(one)
        for one in objects.values()
        if is_network_policy(one) and one["metadata"].get("namespace") == namespace
    ]
    allowed: set[str] = set()
    for direction, key, word in ((INGRESS, "from", "to"), (EGRESS, "to", "from")):
        restricting = [spec for spec in mine if direction in _types(spec)]
        if not any(_selector(spec.get("podSelector")) in (subject, "all pods") for spec in restricting):
            allowed.add(f"{direction.lower()} {word} {subject} of {namespace}, {key} {ANY} on every port")
        for spec in restricting:
            if _selector(spec.get("podSelector")) == subject:
                rules = spec.get(direction.lower()) or []
                allowed |= {
                    f"{direction.lower()} {word} {subject} of {namespace}, {key} {peer} on {port}"
                    for rule in rules
                    for peer in (map(_peer, (rule or {}).get(key) or [None]))
                    for port in (map(_port, (rule or {}).get("ports") or [None]))
                }
    return frozenset(allowed)


def _spec(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.get("spec") or {}


def _types(spec: Mapping[str, Any]) -> Iterable[str]:
    return spec.get("policyTypes") or [INGRESS, *([EGRESS] if spec.get("egress") else [])]


def _selector(selector: Mapping[str, Any] | None) -> str:
    """A selector of labels in words."""
    labels = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for one in (selector or {}).get("matchExpressions") or []:
        listed = f" ({', '.join(one['values'])})" if one.get("values") else ""
        labels.append(f"{one.get('key')} {one.get('operator')}{listed}")
    return ", ".join(labels) or "all pods"


def _peer(peer: Mapping[str, Any] | None) -> str:
    if peer is None:
        return ANY
    if block := peer.get("ipBlock"):
        excepted = f" except {', '.join(block['except'])}" if block.get("except") else ""
        return f"{block.get('cidr')}{excepted}"
    pods = _selector(peer.get("podSelector"))
    if "namespaceSelector" not in peer:
        return pods
    spaces = _selector(peer["namespaceSelector"])
    return f"{pods} in {'every namespace' if spaces == 'all pods' else f'namespaces with {spaces}'}"


def _port(port: Mapping[str, Any] | None) -> str:
    if port is None:
        return "every port"
    number = port.get("port", "every port")
    last = f"-{port['endPort']}" if port.get("endPort") else ""
    return f"{port.get('protocol') or 'TCP'} {number}{last}"


def _list(words: list[str]) -> str:
    more = f"; and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return "; ".join(words[:NAMED]) + more


def widened_roles(difference: Difference) -> Found:
    """Rights that a role did not give."""
    for change in difference.changes:
        if change.after and change.after["kind"] in ("Role", "ClusterRole"):
            more = sorted(_rights(change.after) - _rights(change.before or {}))
            if more:
                yield change.after, f"gives the right to {_list(more)}"


def _rights(role: Mapping[str, Any]) -> set[str]:
    rights = set()
    for rule in role.get("rules") or []:
        names = f" named {', '.join(rule['resourceNames'])}" if rule.get("resourceNames") else ""
        targets = [
            f"{group}/{one}" if group else one
            for group in rule.get("apiGroups") or [""]
            for one in rule.get("resources") or []
        ]
        rights |= {
            f"{verb} {target}{names}"
            for verb in rule.get("verbs") or []
            for target in (*targets, *(rule.get("nonResourceURLs") or []))
        }
    return rights


def new_subjects(difference: Difference) -> Found:
    """Somebody to whom a role is bound, and was not."""
    for change in difference.changes:
        binding = change.after or {}
        if binding.get("kind") not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        if more := sorted(_subjects(binding) - _subjects(change.before or {})):
            role = binding["roleRef"]
            yield change.manifest, f"gives {role['kind']} {role['name']} to {_list(more)}"


def _subjects(binding: Mapping[str, Any]) -> set[str]:
    subjects = binding.get("subjects") or []
    return {f"{one['kind']} {one.get('namespace', '')}/{one['name']}".replace(" /", " ") for one in subjects}


def lowered_levels(difference: Difference) -> Found:
    """A namespace that takes pods which it refused."""
    for before, after, _ in difference.changed("Namespace"):
        old, new = ((one["metadata"].get("labels") or {}).get(ENFORCE, LEVELS[0]) for one in (before, after))
        if old in LEVELS and new in LEVELS and LEVELS.index(new) < LEVELS.index(old):
            yield after, f"the Pod Security level falls from {old} to {new}"


REVIEW = "is it meant? somebody who answers for security should say so on the pull request"
RULES = (
    Rule(id="policy-opened", effect=Effect.ADVICE, find=opened_policies, steps=REVIEW),
    Rule(
        id="policy-closed",
        effect=Effect.ADVICE,
        find=closed_policies,
        steps="does nobody use it any more? `chatdb check` refuses it where the catalogue has a dependency over it",
    ),
    Rule(id="rights-widened", effect=Effect.ADVICE, find=widened_roles, steps=REVIEW),
    Rule(id="rights-given", effect=Effect.ADVICE, find=new_subjects, steps=REVIEW),
    Rule(id="pod-security-lowered", effect=Effect.ADVICE, find=lowered_levels, steps=REVIEW, blocking=True),
)
