"""One form for all manifests that mean the same to the API server: defaults filled in, quantities canonical.

It has no opinion on what is wrong with a manifest: what is of another type than it should be stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chatdb.plan.defaults import AMOUNTS, BUILT_IN, KINDS, MAPS, PLAIN, POD, PODS, SIZES, Defaults
from constructs_lib.pods import api_group
from constructs_lib.quantity import canonical
from constructs_lib.rendered import Manifest

Tree = dict[str, Any]
SHARE = "25%"


def normal(manifest: Manifest) -> Manifest:
    """The manifest as the API server would complete it."""
    key = api_group(manifest), str(manifest.get("kind"))
    made: Manifest = cleaned(manifest) if key[0] in BUILT_IN else _copied(manifest)
    _fill(made, KINDS.get(key, {}))
    if key in PODS:
        for pod in places(made, PODS[key]):
            _fill(pod, POD)
            _pod(pod)
    if complete := SPECS.get(key):
        for spec in places(made, "spec"):
            complete(spec)
    return made


def cleaned(node: Any, name: str = "") -> Any:
    """Without what the server leaves out, with every quantity in its canonical form."""
    if isinstance(node, dict):
        children = {
            key: canonical(value) if name in AMOUNTS and _is_amount(value) else cleaned(value, key)
            for key, value in node.items()
        }
        return {key: value for key, value in children.items() if not _left_out(key, value)}
    if isinstance(node, list):
        return [cleaned(item) for item in node]
    return canonical(node) if name in SIZES and _is_amount(node) else node


def _copied(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copied(value) for key, value in node.items()}
    return [_copied(item) for item in node] if isinstance(node, list) else node


def _is_amount(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _left_out(name: str, value: Any) -> bool:
    empty = value == {} if name in MAPS else name in PLAIN and value in ("", 0, False)
    return value is None or value == [] or empty


def places(node: Any, path: str) -> Iterator[Tree]:
    """The mappings that the path leads to; it is read as in `defaults`."""
    step, _, rest = path.partition(".")
    name = step.rstrip("+[]")
    if not step:
        if isinstance(node, dict):
            yield node
    elif isinstance(node, dict):
        if step.endswith("+"):
            node.setdefault(name, {})
        inner = node.get(name)
        for one in inner if step.endswith("[]") and isinstance(inner, list) else (inner,):
            yield from places(one, rest)


def _fill(node: Tree, defaults: Defaults) -> None:
    for path, values in defaults.items():
        for place in places(node, path):
            for name, value in values.items():
                place.setdefault(name, _copied(value))


def _pod(spec: Tree) -> None:
    # `serviceAccount` is the field's earlier name; the server always gives both, and reads it where the other is gone.
    if name := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        spec |= {"serviceAccountName": name, "serviceAccount": name}
    for container in (*places(spec, "containers[]"), *places(spec, "initContainers[]")):
        image = str(container.get("image", ""))
        moving = "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")
        container.setdefault("imagePullPolicy", "Always" if moving else "IfNotPresent")


def _deployment(spec: Tree) -> None:
    for strategy in places(spec, "strategy"):
        if strategy.get("type") == "RollingUpdate":
            _fill(strategy, {"rollingUpdate+": {"maxSurge": SHARE, "maxUnavailable": SHARE}})


def _stateful_set(spec: Tree) -> None:
    for update in places(spec, "updateStrategy"):
        if update.get("type") == "RollingUpdate":
            _fill(update, {"rollingUpdate+": {"partition": 0, "maxUnavailable": 1}})
    for claim in places(spec, "volumeClaimTemplates[]"):
        claim.pop("status", None)


def _daemon_set(spec: Tree) -> None:
    for update in places(spec, "updateStrategy"):
        if update.get("type") == "RollingUpdate":
            _fill(update, {"rollingUpdate+": {"maxSurge": 0, "maxUnavailable": 1}})


def _job(spec: Tree) -> None:
    if "parallelism" not in spec:
        spec.setdefault("completions", 1)
        spec["parallelism"] = 1
    replacement = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    spec.setdefault("podReplacementPolicy", replacement)


def _service(spec: Tree) -> None:
    if spec.get("type") != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec.get("type") in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    for port in places(spec, "ports[]"):
        port.setdefault("targetPort", port.get("port"))


def _network_policy(spec: Tree) -> None:
    spec.setdefault("policyTypes", ["Ingress", *(["Egress"] if "egress" in spec else [])])


SPECS: Mapping[tuple[str, str], Callable[[Tree], None]] = {
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    ("", "Service"): _service,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
}
"""What completes the spec of a kind where one field depends on another."""
