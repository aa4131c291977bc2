"""What a registry has, by the API of the OCI distribution specification."""

import hashlib
import ipaddress
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from threading import Thread
from typing import TypeVar
from urllib.parse import urlencode

from chatdb.images.credentials import Credentials, credentials
from constructs_lib.files import MIB
from constructs_lib.image_reference import ImageReference, parse_repository
from constructs_lib.problem import InvalidInput, Problem

ANSWER_SECONDS = 30
"""For all that one question takes: finding the host, logging in, redirections, the answer's last byte."""
LARGEST = 4 * MIB
"""Of a manifest, as registries have it."""
TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
SCHEMA = 2
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
PARAMETER = re.compile(r'(\w+)="([^"]*)"')
CLIENT = "chatdb"
Result = TypeVar("Result")


class _Refused(Exception):
    """Why there is no answer that says what the registry has, and the fix."""

    def __init__(self, what: str, fix: str = "correct `registry` in chatdb.yaml, or see what answers there") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    body: bytes


def manifest_digest(repository: str, reference: str) -> str | None:
    """SHA-256 of the manifest that a registry has under a tag or digest, as <algorithm>:<digits>; None without one.

    The digest is that of the bytes which it sends. InvalidInput where it does not answer as a registry, or refuses.
    """
    parts = parse_repository(repository)
    try:
        return _in_time(lambda: _digest(parts, reference))
    except (_Refused, OSError, HTTPException, ValueError) as error:
        refused = (
            error
            if isinstance(error, _Refused)
            else _Refused(_words(error), "start it, or make it reachable from here")
        )
        raise InvalidInput([Problem(f"{repository}:{reference}", refused.what, refused.fix)]) from error


def is_loopback(domain: str) -> bool:
    """Whether a registry is on this machine: then it is asked by plain HTTP, as docker does."""
    host = re.sub(r":[0-9]+$", "", domain).strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _in_time(call: Callable[[], Result]) -> Result:
    """What the call gives; TimeoutError when the time is over.

    A socket's own time begins anew with each byte, and names are looked up without any.
    """
    outcome: Future[Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return outcome.result(ANSWER_SECONDS)
    except TimeoutError as error:
        raise TimeoutError(f"has not answered within {ANSWER_SECONDS} s") from error


def _digest(parts: ImageReference, reference: str) -> str | None:
    scheme = "http" if is_loopback(parts.domain) else "https"
    url = f"{scheme}://{parts.domain}/v2/{parts.path}/manifests/{reference}"
    answer = _get(url, {"Accept": ", ".join(TYPES)})
    if answer.status == UNAUTHORIZED:
        known = credentials(parts.domain, parts.path)
        answer = _get(url, {"Accept": ", ".join(TYPES)}, _authorization(parts, answer, known))
        if answer.status in (UNAUTHORIZED, FORBIDDEN):
            raise _unauthorized(parts, answer, known)
    if answer.headers.get_content_type() == "text/html":
        raise _Refused(f"is a web page (HTTP {answer.status}), and no registry")
    if answer.status == NOT_FOUND:
        return None
    if answer.status == FORBIDDEN:
        raise _unauthorized(parts, answer, None)
    if answer.status != OK:
        raise _Refused(f"HTTP {answer.status} is the registry's answer", "see what the registry logs, and run again")
    try:
        manifest = json.loads(answer.body)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != SCHEMA:
        raise _Refused("the answer is not the manifest of an image")
    return f"sha256:{hashlib.sha256(answer.body).hexdigest()}"


def _unauthorized(parts: ImageReference, answer: _Answer, known: Credentials | None) -> _Refused:
    by = f"with the login in {known.file}" if known else "without a login"
    host = parts.domain
    return _Refused(f"HTTP {answer.status} {by}", f"log in: `docker login {host}`, or `buildah login {host}`")


def _authorization(parts: ImageReference, answer: _Answer, known: Credentials | None) -> str | None:
    """What the registry wants to see: a token of its own for this repository, or user and password."""
    challenges = answer.headers.get_all("WWW-Authenticate") or []
    bearer = next((one for one in challenges if one.lower().startswith("bearer ")), None)
    if bearer is None:
        return known.basic if known and known.user else None
    fields = dict(PARAMETER.findall(bearer))
    realm = fields.get("realm", "")
    if not realm.startswith("https://") and not (realm.startswith("http://") and is_loopback(parts.domain)):
        raise _Refused(f"sends logins to {realm!r}, which is not https", "see to the registry's settings")
    query = {"scope": fields.get("scope", f"repository:{parts.path}:pull")}
    query |= {"service": fields["service"]} if "service" in fields else {}
    return f"Bearer {_token(realm, query, known, parts)}"


def _token(realm: str, query: Mapping[str, str], known: Credentials | None, parts: ImageReference) -> str:
    """By OAuth2 for an identity token, else by user and password, or as nobody."""
    if known and known.token:
        form = {**query, "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": known.token}
        answer = _get(realm, {}, data=urlencode(form).encode())
    else:
        url = realm + ("&" if "?" in realm else "?") + urlencode(query)
        answer = _get(url, {}, known.basic if known else None)
    if answer.status in (UNAUTHORIZED, FORBIDDEN):
        raise _unauthorized(parts, answer, known)
    try:
        said = json.loads(answer.body)
        return str(said.get("token") or said["access_token"])
    except (ValueError, KeyError, AttributeError) as error:
        raise _Refused(f"{realm} gives no token (HTTP {answer.status})", "see what the registry logs") from error


def _get(url: str, headers: Mapping[str, str], authorization: str | None = None, data: bytes | None = None) -> _Answer:
    """The answer to a GET, or to a POST of `data`; a redirection to another address does not get the authorization."""
    request = urllib.request.Request(url, headers=dict(headers), data=data)  # noqa: S310 - http or https
    if authorization:
        request.add_unredirected_header("Authorization", authorization)
    try:
        with _opener(request.host).open(request, timeout=ANSWER_SECONDS) as response:
            body = response.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise _Refused(f"the answer is larger than {LARGEST // MIB} MiB, and no manifest")
            if response.length:
                raise _Refused("the answer ends too early", "run again; see what is between here and the registry")
            return _Answer(response.status, response.headers, body)
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, error.headers, b"")


def _opener(host: str) -> urllib.request.OpenerDirector:
    """Without the schemes beside HTTP that redirections could lead to, and without a proxy on this machine."""
    opener = urllib.request.OpenerDirector()
    proxies = urllib.request.ProxyHandler({} if is_loopback(host) else None)
    for handler in (
        proxies,
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _words(error: Exception) -> str:
    """What was wrong: urllib wraps the words of a socket."""
    reason = getattr(error, "reason", None) or error
    return f"no answer: {reason}" if str(reason) else f"no answer: {type(reason).__name__}"
