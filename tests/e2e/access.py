"""Asks the API server, as a service account, what the account may do; and what its Roles say that it may."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.api import Api, Manifest

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
OTHER = "some-other-name"
LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to do; no namespace is cluster scope (or all namespaces), no name is all names."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """As a review asks for it."""
        resource, _, subresource = self.resource.partition("/")
        attributes = {"verb": self.verb, "group": self.group, "resource": resource, "subresource": subresource}
        return attributes | {"namespace": self.namespace, "name": self.name}


@dataclass(frozen=True, slots=True)
class Account:
    """A service account."""

    namespace: str
    name: str


def token(api: Api, account: Account) -> str:
    """A token of the account, as its pods get it."""
    path = api.path("v1", "ServiceAccount", account.namespace, account.name)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": LIFETIME}}
    return str(api.request("POST", f"{path}/token", body)["status"]["token"])


class Asker:
    """One account's connection; it stays open, as thousands of questions go over it."""

    def __init__(self, api: Api, account: Account) -> None:
        """The account itself asks: with its token, and nothing else."""
        self._own = Api(api.kubeconfig, token(api, account))
        self._connection = http.client.HTTPSConnection(self._own._host, context=self._own._tls, timeout=30)

    def close(self) -> None:
        """No more questions."""
        self._connection.close()

    def allowed(self, wanted: Request) -> bool:
        """The API server's answer."""
        spec = {"resourceAttributes": wanted.attributes}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        headers = {**self._own._headers, "Content-Type": "application/json"}
        self._connection.request("POST", REVIEW, json.dumps(body), headers)
        answer = self._connection.getresponse()
        review: dict[str, Any] = json.loads(answer.read())
        return bool(review["status"]["allowed"])

    def status(self, path: str) -> int:
        """The status of the answer to a real request."""
        self._connection.request("GET", path, headers=self._own._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def granted(manifests: list[Manifest], account: Account) -> Iterator[Request]:
    """Everything that the Roles bound to the account allow, one by one."""
    subject = {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
    roles = {(r["metadata"]["namespace"], r["metadata"]["name"]): r for r in manifests if r["kind"] == "Role"}
    for binding in manifests:
        if binding["kind"] == "RoleBinding" and subject in binding["subjects"]:
            namespace = binding["metadata"]["namespace"]
            for rule in roles[namespace, binding["roleRef"]["name"]]["rules"]:
                yield from _requests(rule, namespace)


def _requests(rule: Manifest, namespace: str) -> Iterator[Request]:
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames", [""]):
                    yield Request(verb, group, resource, namespace, name)


def allows(grants: set[Request], wanted: Request) -> bool:
    """Whether what is granted covers the request: by its name, or for all names."""
    unnamed = Request(wanted.verb, wanted.group, wanted.resource, wanted.namespace)
    return wanted in grants or unnamed in grants
