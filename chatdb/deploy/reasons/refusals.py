"""What the API server answers where it takes an object not, in plain words, with what refuses it and the fix."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chatdb.deploy.objects import title
from chatdb.deploy.reasons.reason import Grace, Reason, named, one_line

Target = Mapping[str, Any]
"""The object that is refused; its kind, namespace and name are enough."""
ERROR = re.compile(r"(?:^|\n)(.+?)(?=\n(?:The |Error |error: )|\Z)", re.DOTALL)
"""One of the errors that kubectl prints; it may go over several lines."""
Parts = tuple[str, str, str, str]
"""Kind of the reason, what refuses it, message and fix."""


def refusal(target: Target, words: str, since: str = "") -> Reason | None:
    """The reason behind the words; None where they are not known."""
    for pattern, explain in KNOWN:
        if match := pattern.search(words):
            kind, held_by, message, fix = explain(target, match)
            return Reason(kind, held_by, one_line(message), fix, Grace.SHORT, since)
    return None


def refusals(words: str, manifests: Sequence[Target]) -> Iterator[Reason]:
    """The reasons behind what `kubectl apply` prints of these objects: each error names its object in quotes."""
    for line in ERROR.findall(words):
        named_so = [one for one in manifests if f'"{one["metadata"]["name"]}"' in line]
        of_kind = [one for one in named_so if one["kind"].lower() in line.lower()]
        if reason := refusal(next(iter(of_kind or named_so or manifests)), line):
            yield reason


def _namespace(target: Target) -> str:
    return str(target["metadata"].get("namespace", ""))


def _quota(target: Target, match: re.Match[str]) -> Parts:
    namespace = _namespace(target)
    message = f"the quota of namespace {namespace} is used up: {match[2]}"
    fix = "quotas come from the overlay: run `chatdb synth` after a change, or free what else runs there"
    return "quota", named("ResourceQuota", namespace, match[1]), message, fix


def _security(target: Target, match: re.Match[str]) -> Parts:
    namespace = _namespace(target)
    message = f"the namespace's Pod Security level refuses its pods: {match[1]}"
    return "security", named("Namespace", "", namespace), message, "`chatdb check` says which field it is"


def _webhook(_target: Target, match: re.Match[str]) -> Parts:
    message = f"admission webhook {match[1]} refuses it: {match[2]}"
    fix = f"change what it asks for, or the webhook's rules: {_find(match[1])}"
    return "webhook", f"webhook {match[1]}", message, fix


def _silent_webhook(_target: Target, match: re.Match[str]) -> Parts:
    message = f"admission webhook {match[1]} does not answer: {match[2]}"
    fix = f"bring its server back, or delete its configuration: {_find(match[1])}"
    return "webhook-silent", f"webhook {match[1]}", message, fix


def _find(webhook: str) -> str:
    kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
    return f"`kubectl get {kinds} -o yaml | grep -B20 {webhook}`"


def _policy(_target: Target, match: re.Match[str]) -> Parts:
    message = f"ValidatingAdmissionPolicy {match[1]} refuses it: {match[2]}"
    fix = f"change what it asks for, or the policy: `kubectl describe validatingadmissionpolicy {match[1]}`"
    return "policy", named("ValidatingAdmissionPolicy", "", match[1]), message, fix


def _immutable(target: Target, match: re.Match[str]) -> Parts:
    metadata, kind = target["metadata"], target["kind"]
    if kind == "PersistentVolumeClaim":
        fix = "take the change back: a claim keeps what it was made with, but for a larger size"
    else:
        option = " --cascade=orphan" if kind == "StatefulSet" else ""
        delete = f"kubectl delete {kind.lower()} -n {metadata.get('namespace', '')} {metadata['name']}{option}"
        fix = f"`{delete}`, and it is made anew as it is asked for; or take the change back"
    words = f"{match['field']}: field is immutable" if match["field"] else match[0]
    return "immutable", title(target), f"{title(target)} has a field that can't be changed: {words}", fix


def _unknown_kind(_target: Target, match: re.Match[str]) -> Parts:
    group, kind = (match["group"] or match["api"]).split("/")[0], match["kind_a"] or match["kind_b"]
    message = f"the cluster does not know the kind {kind} of {group}: its CustomResourceDefinition is not installed"
    fix = "install it: docs/traits.md says which operator or definitions a trait needs"
    return "kind", f"CustomResourceDefinition of {group}/{kind}", message, fix


def _terminating(target: Target, match: re.Match[str]) -> Parts:
    name = match[1] or _namespace(target)
    message = f"namespace {name} is being deleted, and takes no new objects"
    fix = f"`kubectl get namespace {name} -o yaml` says in its conditions what it still waits for"
    return "namespace", named("Namespace", "", name), message, fix


def _no_namespace(_target: Target, match: re.Match[str]) -> Parts:
    # A sync that is tried again is of the objects that it began with: the namespace may not be among them.
    fix = f"`kubectl create namespace {match[1]}`: Argo CD, or `chatdb deploy`, gives it its labels and the rest"
    return "no-namespace", named("Namespace", "", match[1]), f"namespace {match[1]} is missing", fix


def _project(_target: Target, match: re.Match[str]) -> Parts:
    fix = (
        "allow it by `kinds` in chatdb.yaml, run `chatdb synth`, and apply argocd/<environment>/projects.yaml; or take"
        " the object out"
    )
    return "project", f"AppProject argocd/{match[2]}", f"project {match[2]} does not permit {match[1]}", fix


def _forbidden(_target: Target, match: re.Match[str]) -> Parts:
    fix = f"give it the right: `kubectl auth can-i --list --as={match[1]}` says which it has"
    return "forbidden", f"user {match[1]}", f"{match[1]} may not {match[2]}", fix


def _invalid(target: Target, match: re.Match[str]) -> Parts:
    message = f"{title(target)} is not valid: {match[1]}"
    return "invalid", title(target), message, "correct the field, commit and push; `chatdb check` finds most of these"


Explain = Callable[[Target, re.Match[str]], Parts]
KNOWN: tuple[tuple[re.Pattern[str], Explain], ...] = (
    (re.compile(r"exceeded quota: (?P<quota>[^,]+), (.*)", re.DOTALL), _quota),
    (re.compile(r"violates PodSecurity (.*)", re.DOTALL), _security),
    (re.compile(r'admission webhook "([^"]+)" denied the request:? ?(.*)', re.DOTALL), _webhook),
    (re.compile(r'failed calling webhook "([^"]+)":? ?(.*)', re.DOTALL), _silent_webhook),
    (re.compile(r"ValidatingAdmissionPolicy '([^']+)'.* denied request:? ?(.*)", re.DOTALL), _policy),
    (
        re.compile(
            r'no matches for kind "(?P<kind_a>\w+)" in version "(?P<api>[^"]+)"'
            r"|could not find (?P<group>[\w.-]+)/(?P<kind_b>\w+) for requested resource"
        ),
        _unknown_kind,
    ),
    (re.compile(r"namespace (\S+) because it is being terminated|because it is being terminated"), _terminating),
    (re.compile(r'namespaces "([^"]+)" not found'), _no_namespace),
    (re.compile(r"resource (\S+) is not permitted in project (\S+?)[.\s]*(?:$|,|\s)"), _project),
    (
        re.compile(
            r"(?P<field>\S+): Invalid value: .*field is immutable"
            r"|updates to statefulset spec for fields other than [^.]*|spec is immutable after creation[^.]*"
            r"|\S+: Forbidden: field can not be less than[^.]*",
            re.DOTALL,
        ),
        _immutable,
    ),
    (re.compile(r'User "([^"]+)" cannot (.*)', re.DOTALL), _forbidden),
    (re.compile(r"is invalid: (.*)", re.DOTALL), _invalid),
)
"""In the order in which they are tried: who refuses an object may quote what is invalid in it."""
