"""The operators that an environment needs: Argo CD installs them; by hand that is done before."""

from collections.abc import Iterable

from chatdb.deploy.kubectl import Kubectl
from chatdb.deploy.objects import condition
from constructs_lib.model import Operator
from constructs_lib.problem import InvalidInput, Problem


def refuse_missing(kubectl: Kubectl, operators: Iterable[Operator]) -> None:
    """InvalidInput with each operator of which no pod is ready: nobody would know the kinds that it brings."""
    problems = [_missing(one) for one in operators if not _runs(kubectl, one)]
    if problems:
        raise InvalidInput(problems)


def _runs(kubectl: Kubectl, operator: Operator) -> bool:
    labels = ",".join(f"{name}={value}" for name, value in operator.node.pod_labels.items())
    pods = kubectl.items("get", "pods", f"--namespace={operator.node.namespace}", f"--selector={labels}")
    return any(condition(pod, "Ready") for pod in pods)


def _missing(operator: Operator) -> Problem:
    where = f"operator {operator.node.name}"
    source = operator.source.get("path") or operator.source.get("chart")
    place = f"{source} of {operator.repository} at {operator.revision}"
    fix = f"install it from {place} by a server-side apply; `chatdb deploy --argocd` does so by itself"
    return Problem(where, f"no pod of it is ready in namespace {operator.node.namespace}", fix)
