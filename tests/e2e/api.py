"""A small client of the Kubernetes API: objects as plain data, and watches."""

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

Manifest = dict[str, Any]
TIMEOUT = 30
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
FIELD_MANAGER = "chatdb-tests"
GONE = 410
NOT_FOUND = 404


class ApiError(Exception):
    """An answer of the API server that is no success."""

    def __init__(self, code: int, message: str) -> None:
        """`message` are the server's own words."""
        super().__init__(f"{code}: {message}")
        self.code = code


class Api:
    """One user's way to one API server, as a kubeconfig describes it."""

    def __init__(self, kubeconfig: Path, token: str | None = None) -> None:
        """With a token, the kubeconfig's own user does not count."""
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = {"token": token} if token else _named(config["users"], context["user"])["user"]
        address = urlsplit(cluster["server"])
        self.kubeconfig = kubeconfig
        self._host = address.netloc
        self._headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
        self.authority = _data(cluster, "certificate-authority").decode()
        self._tls = ssl.create_default_context(cadata=self.authority)
        if not token and ("client-certificate" in user or "client-certificate-data" in user):
            self._identify(user)
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}

    def _identify(self, user: Manifest) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(_data(user, "client-certificate") + b"\n" + _data(user, "client-key"))
            file.flush()
            self._tls.load_cert_chain(file.name)

    def request(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer's JSON; ApiError where it is no success, OSError where there is no server."""
        connection = http.client.HTTPSConnection(self._host, context=self._tls, timeout=TIMEOUT)
        try:
            headers = {**self._headers, "Content-Type": content_type, "Accept": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise ApiError(answer.status, _message(text))
        return json.loads(text) if text.startswith(b"{") else text.decode()

    def ready(self) -> bool:
        """Whether the server answers that it is ready."""
        try:
            return bool(self.request("GET", "/readyz") == "ok")
        except (OSError, ApiError, http.client.HTTPException):
            return False

    def path(self, api_version: str, kind: str, namespace: str | None = None, name: str | None = None) -> str:
        """The path of an object, or of all objects of a kind; the server is asked for the kind's plural once."""
        plural, namespaced = self._resource(api_version, kind)
        parts = [_root(api_version)]
        if namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/".join([*parts, plural, *([name] if name else [])])

    def of(self, manifest: Manifest) -> str:
        """The path of the object."""
        metadata = manifest["metadata"]
        return self.path(manifest["apiVersion"], manifest["kind"], metadata.get("namespace"), metadata["name"])

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        if (api_version, kind) not in self._resources:
            for resource in self.request("GET", _root(api_version))["resources"]:
                if "/" not in resource["name"]:
                    self._resources[api_version, resource["kind"]] = (resource["name"], resource["namespaced"])
        return self._resources[api_version, kind]

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> Manifest | None:
        """One object; None where there is none."""
        try:
            return self.read(api_version, kind, namespace, name)
        except ApiError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def read(self, api_version: str, kind: str, namespace: str | None, name: str) -> Manifest:
        """One object; ApiError where there is none."""
        manifest: Manifest = self.request("GET", self.path(api_version, kind, namespace, name))
        return manifest

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> "list[Manifest]":
        """All objects of the kind; a list leaves out what they are of."""
        items = self.request("GET", self.path(api_version, kind, namespace))["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def listable(self) -> Iterator[tuple[str, str]]:
        """Version and kind of everything that lives in namespaces and can be listed."""
        groups = self.request("GET", "/apis")["groups"]
        for version in ("v1", *(group["preferredVersion"]["groupVersion"] for group in groups)):
            for resource in self.request("GET", _root(version))["resources"]:
                if resource["namespaced"] and "list" in resource["verbs"] and "/" not in resource["name"]:
                    yield version, resource["kind"]

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Server-side apply with strict validation: a field that the server does not know is an error."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "force": "true"}
        if dry_run:
            query["dryRun"] = "All"
        done: Manifest = self.request("PATCH", f"{self.of(manifest)}?{urlencode(query)}", manifest, APPLY)
        return done

    def patch(self, path: str, body: Manifest) -> Manifest:
        """A JSON merge patch."""
        done: Manifest = self.request("PATCH", path, body, MERGE)
        return done

    def delete(self, path: str) -> None:
        """Delete it in the background; nothing where it is not there."""
        try:
            self.request("DELETE", path, {"propagationPolicy": "Background"})
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise

    def watch(self, path: str, version: str, seconds: int = 600) -> Iterator[Manifest]:
        """What changes after that resource version, until the server ends the connection."""
        # The server ends it, however late.
        connection = http.client.HTTPSConnection(self._host, context=self._tls, timeout=seconds + TIMEOUT)
        query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(seconds)}
        try:
            connection.request("GET", f"{path}?{urlencode(query)}", None, self._headers)
            answer = connection.getresponse()
            if answer.status >= http.client.BAD_REQUEST:
                raise ApiError(answer.status, _message(answer.read()))
            while line := answer.readline():
                event: Manifest = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(event["object"].get("code", GONE), event["object"].get("message", ""))
                yield event
        finally:
            connection.close()


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _named(entries: list[Manifest], name: str) -> Manifest:
    return next(entry for entry in entries if entry["name"] == name)


def _data(entry: Manifest, key: str) -> bytes:
    """What a kubeconfig holds in itself, or names as a file."""
    if f"{key}-data" in entry:
        return base64.b64decode(entry[f"{key}-data"])
    return Path(entry[key]).read_bytes()


def _message(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")[:400]
