"""Who may do more than before: connections, rights in the API, and the security level of pods."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatdb.plan.changes import Change
from chatdb.plan.notes.model import Difference, Effect, Found, Rule
from chatdb.plan.notes.reading import Objects, workloads
from constructs_lib.checks.network_policies import EGRESS, INGRESS, is_network_policy
from constructs_lib.pods import pod_labels, pod_template
from constructs_lib.rendered import Manifest

ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS = ("privileged", "baseline", "restricted")
NAMED = 3
"""How many connections or rights a note names."""
ANY = "anybody"
ALL = "all pods"
ENDS = {INGRESS: ("from", "to"), EGRESS: ("to", "from")}
"""Direction -> the field of its peers, and the word before the pods that the policy selects."""


def opened_policies(difference: Difference) -> Found:
    """Connections that policies allow and did not, or that none restricts any more."""
    pairs = [(change.manifest, change.after) for change in _changed_policies(difference)]
    for manifest, more in _only(pairs, difference.new, difference.old):
        yield manifest, f"opens {_list(sorted(one.text for one in more))}"


def closed_policies(difference: Difference) -> Found:
    """Connections that policies allowed, and do not; those of pods that go with them are left out."""
    pairs = [(change.manifest, change.before) for change in _changed_policies(difference)]
    for manifest, lost in _only(pairs, difference.old, difference.new):
        ends = sorted(one.text for one in lost if not _gone(one.pods, difference) and not _gone(one.peers, difference))
        if ends:
            yield manifest, f"closes {_list(ends)}"


@dataclass(frozen=True, slots=True)
class _Connection:
    """What is allowed, in words, and the labels of the pods at both ends; `free` where no policy restricts it."""

    direction: str
    text: str
    pods: frozenset[tuple[str, str]] = frozenset()
    peers: frozenset[tuple[str, str]] = frozenset()
    free: bool = False


def _changed_policies(difference: Difference) -> Iterator[Change]:
    return (change for change in difference.changes if is_network_policy(change.manifest))


def _only(
    policies: Iterable[tuple[Manifest, Manifest | None]], mine: Objects, others: Objects
) -> Iterator[tuple[Manifest, set[_Connection]]]:
    """What is allowed on my side only: by which policy, or by the first of those that select the same pods."""
    groups: dict[tuple[str, str], list[tuple[Manifest, Manifest | None]]] = {}
    for manifest, version in policies:
        groups.setdefault(_subject(version or manifest), []).append((manifest, version))
    for subject, group in groups.items():
        allowed = _allowed(subject, others)
        free = {one.direction for one in allowed if one.free}
        left = {one for one in _allowed(subject, mine) - allowed if one.direction not in free}
        for number, (manifest, version) in enumerate(group):
            own = left & _rules(version) if version and number < len(group) - 1 else left
            left = left - own
            if own:
                yield manifest, own


def _subject(policy: Manifest) -> tuple[str, str]:
    return str(policy["metadata"].get("namespace")), _selector(_spec(policy).get("podSelector"))


def _allowed(subject: tuple[str, str], objects: Objects) -> set[_Connection]:
    """All that the policies on one side allow to the pods of the subject; where none restricts, everything."""
    namespace, pods = subject
    policies = [one for one in objects.values() if is_network_policy(one) and _subject(one)[0] == namespace]
    allowed: set[_Connection] = set()
    for direction, (key, word) in ENDS.items():
        restricting = [one for one in policies if direction in _types(_spec(one))]
        if not any(_subject(one)[1] in (pods, ALL) for one in restricting):
            text = f"{direction.lower()} {word} {pods} of {namespace}, {key} {ANY} on every port"
            allowed.add(_Connection(direction, text, free=True))
        for policy in restricting:
            if _subject(policy)[1] == pods:
                allowed |= _rules(policy, direction)
    return allowed


def _rules(policy: Manifest, *directions: str) -> set[_Connection]:
    """What the policy itself allows, in these directions or in all that it restricts."""
    (namespace, pods), spec = _subject(policy), _spec(policy)
    found = set()
    for direction in directions or _types(spec):
        key, word = ENDS.get(direction, ("", ""))
        for rule in spec.get(direction.lower()) or []:
            for peer in (rule or {}).get(key) or [None]:
                for port in (rule or {}).get("ports") or [None]:
                    text = f"{direction.lower()} {word} {pods} of {namespace}, {key} {_peer(peer)} on {_port(port)}"
                    found.add(
                        _Connection(
                            direction, text, _labels(spec.get("podSelector")), _labels((peer or {}).get("podSelector"))
                        )
                    )
    return found


def _labels(selector: Mapping[str, Any] | None) -> frozenset[tuple[str, str]]:
    return frozenset(((selector or {}).get("matchLabels") or {}).items())


def _gone(labels: frozenset[tuple[str, str]], difference: Difference) -> bool:
    """Whether workloads had pods with these labels, and none has any more."""
    old, new = (any(labels <= _pods(one) for one in workloads(side)) for side in (difference.old, difference.new))
    return bool(labels) and old and not new


def _pods(workload: Manifest) -> frozenset[tuple[str, str]]:
    return frozenset(pod_labels(pod_template(workload) or {}).items())


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
    return ", ".join(labels) or ALL


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
    return f"{pods} in {'every namespace' if spaces == ALL else f'namespaces with {spaces}'}"


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
