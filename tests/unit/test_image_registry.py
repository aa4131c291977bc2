"""What is read from a registry's answers: its digest, that it has none, or why nobody knows."""

import base64
import hashlib
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from chatdb.images import registry as client
from chatdb.images.registry import is_loopback, manifest_digest
from constructs_lib.problem import InvalidInput
from tests.unit.registries import MANIFEST, Registry, Request, registry

DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
LINE = "GET /v2/team/app/manifests/1"
BASIC = "Basic " + base64.b64encode(b"user:secret").decode()
NOBODY = "log in: `docker login 127.0.0.1"
WAIT = 20
"""Far more than what is measured, and far less than a test would hang."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody has logged in anywhere."""
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    return tmp_path


def log_in(home: Path, host: str, **entry: str) -> None:
    """As docker keeps it."""
    own = entry or {"auth": base64.b64encode(b"user:secret").decode()}
    (home / "config.json").write_text(json.dumps({"auths": {host: own}}))


def ask(server: Registry, reference: str = "1") -> str | None:
    """The digest of an image of it."""
    return manifest_digest(f"{server.host}/team/app", reference)


def refusal(server: Registry) -> str:
    """The one problem that it is."""
    with pytest.raises(InvalidInput) as error:
        ask(server)
    (problem,) = error.value.problems
    assert problem.where == f"{server.host}/team/app:1"
    return str(problem)


def test_defaults() -> None:
    """The digest is that of the bytes, whatever a header says; one request is enough where nobody has to log in."""
    with registry(lambda request: request.answer(200, MANIFEST, Docker_Content_Digest="sha256:0")) as server:
        assert ask(server) == DIGEST
        assert server.asked == [(LINE, None, "")]
        ask(server, DIGEST)
        assert server.asked[1][0] == f"GET /v2/team/app/manifests/{DIGEST}"


def test_what_is_not_there() -> None:
    """No digest, and no problem."""
    with registry(lambda request: request.answer(404, b'{"errors": []}', "application/json")) as server:
        assert ask(server) is None


def not_http(request: Request) -> None:
    """As a server of another protocol."""
    request.wfile.write(b"SSH-2.0-OpenSSH\r\n")


HTML = b"<html>log in to the network</html>"
WRONG: dict[str, tuple[Callable[[Request], None], str]] = {
    "page": (lambda r: r.answer(200, HTML, "text/html; charset=utf-8"), "is a web page (HTTP 200), and no registry"),
    "page-of-404": (lambda r: r.answer(404, HTML, "text/html"), "is a web page (HTTP 404), and no registry"),
    "page-as-json": (lambda r: r.answer(200, HTML, "application/json"), "the answer is not the manifest of an image"),
    "list": (lambda r: r.answer(200, b"[2]"), "the answer is not the manifest of an image"),
    "old": (lambda r: r.answer(200, b'{"schemaVersion": 1}'), "the answer is not the manifest of an image"),
    "empty": (lambda r: r.answer(200), "the answer is not the manifest of an image"),
    "text": (lambda r: r.answer(200, b"\xff\xfe"), "the answer is not the manifest of an image"),
    "large": (lambda r: r.answer(200, MANIFEST + b" " * (4 << 20)), "the answer is larger than 4 MiB, and no manifest"),
    "error": (lambda r: r.answer(500, b"oops", "text/plain"), "HTTP 500 is the registry's answer; see what"),
    "busy": (lambda r: r.answer(429, b"{}", "application/json"), "HTTP 429 is the registry's answer; see what"),
    "forbidden": (lambda r: r.answer(403, b"{}", "application/json"), f"HTTP 403 without a login; {NOBODY}"),
    "unauthorized": (lambda r: r.answer(401, b"{}", "application/json"), f"HTTP 401 without a login; {NOBODY}"),
    "basic": (lambda r: r.answer(401, WWW_Authenticate='Basic realm="x"'), f"HTTP 401 without a login; {NOBODY}"),
    "no-realm": (lambda r: r.answer(401, WWW_Authenticate='Bearer x="y"'), "sends logins to '', which is not https"),
    "file-realm": (
        lambda r: r.answer(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"'),
        "sends logins to 'file:///etc/passwd', which is not https",
    ),
    "loop": (lambda r: r.answer(307, Location=r.path), "HTTP 307 is the registry's answer"),
    "to-a-file": (lambda r: r.answer(307, Location="file:///etc/passwd"), "HTTP 307 is the registry's answer"),
    "to-ftp": (lambda r: r.answer(307, Location="ftp://127.0.0.1/x"), "no answer: unknown url type: ftp; start it"),
    "to-nowhere": (lambda r: r.answer(307), "HTTP 307 is the registry's answer"),
    "no-http": (not_http, "no answer: SSH-2.0-OpenSSH"),
    "nothing": (lambda r: None, "no answer: Remote end closed connection without response"),
}


@pytest.mark.parametrize("name", WRONG)
def test_answers_that_say_nothing(name: str) -> None:
    """Each is one problem with a fix, and is never taken for a digest or for an image that is missing."""
    answers, says = WRONG[name]
    with registry(answers) as server:
        assert says in refusal(server)


def truncated(request: Request) -> None:
    """All of a manifest but its last line, which changes nothing but the digest."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(MANIFEST) + 1))
    request.end_headers()
    request.wfile.write(MANIFEST)


def truncated_chunk(request: Request) -> None:
    """The same in chunks, without the last one."""
    request.protocol_version = "HTTP/1.1"
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"%x\r\n%s\r\n" % (len(MANIFEST), MANIFEST))


@pytest.mark.parametrize(
    ("answers", "says"), [(truncated, "the answer ends too early; run again"), (truncated_chunk, "IncompleteRead")]
)
def test_an_answer_that_ends_too_early(answers: Callable[[Request], None], says: str) -> None:
    """Its bytes would have another digest."""
    with registry(answers) as server:
        assert says in refusal(server)


def slow_head(request: Request) -> None:
    """A byte now and then, for longer than anybody waits."""
    for letter in f"HTTP/1.0 200 OK\r\nX: {'x' * 4000}":
        request.wfile.write(letter.encode())
        time.sleep(0.05)


def slow_body(request: Request) -> None:
    """The same behind a head."""
    request.send_response(200)
    request.end_headers()
    slow_head(request)


@pytest.mark.parametrize("answers", [slow_head, slow_body, lambda request: time.sleep(WAIT)])
def test_a_slow_registry_is_given_up(answers: Callable[[Request], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the whole answer, and begins anew with no byte."""
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.3)
    with registry(answers) as server:
        begin = time.monotonic()
        assert "no answer: has not answered within 0.3 s; start it, or make it reachable from here" in refusal(server)
        assert time.monotonic() - begin < WAIT


def test_a_registry_that_is_down() -> None:
    """The system's own words, and a fix."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InvalidInput, match=r"no answer: .*refused; start it, or make it reachable from here"):
            manifest_digest(f"{host}/team/app", "1")


@pytest.mark.parametrize("host", ["registry.example", "registry.example:5000"])
def test_others_are_asked_by_https(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong on the way is a problem with a fix; names may be none that DNS can have."""

    def get(url: str, *_: object) -> None:
        raise UnicodeError(url)

    monkeypatch.setattr(client, "_get", get)
    with pytest.raises(InvalidInput, match=rf"no answer: https://{host}/v2/team/app/manifests/1; start it"):
        manifest_digest(f"{host}/team/app", "1")


def test_no_proxy_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not reach it."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with registry(lambda request: request.answer(200, MANIFEST)) as server:
        assert ask(server) == DIGEST


def test_a_redirection_is_followed_without_the_login(home: Path) -> None:
    """Where it leads may be anybody's server."""

    def wants_login(request: Request) -> None:
        if request.login != BASIC:
            request.answer(401, WWW_Authenticate='Basic realm="x"')
        else:
            request.answer(307, Location=f"http://{other.host}/elsewhere")

    with registry(lambda request: request.answer(200, MANIFEST)) as other, registry(wants_login) as server:
        log_in(home, server.host)
        assert ask(server) == DIGEST
        assert other.asked == [("GET /elsewhere", None, "")]


def test_basic_login(home: Path) -> None:
    """Sent when it is asked for, and never before; a wrong one names the file that it is from."""
    accepted = [BASIC]

    def answers(request: Request) -> None:
        if request.login in accepted:
            request.answer(200, MANIFEST)
        else:
            request.answer(401, WWW_Authenticate='Basic realm="x"')

    with registry(answers) as server:
        log_in(home, server.host)
        assert ask(server) == DIGEST
        assert server.asked == [(LINE, None, ""), (LINE, BASIC, "")]
        accepted.clear()
        said = refusal(server)
        assert f"HTTP 401 with the login in {home}/config.json; log in: `docker login {server.host}`" in said
        assert "secret" not in said


def wants_token(request: Request) -> None:
    """A registry with a token server of its own, which gives tokens to a user, an identity token, or anybody."""
    path = urlsplit(request.path)
    if path.path == "/token":
        request.answer(200, b'{"access_token": "abc"}' if request.command == "POST" else b'{"token": "abc"}')
    elif request.login == "Bearer abc":
        request.answer(200, MANIFEST)
    else:
        realm = f'realm="http://{request.headers["Host"]}/token?a=b",service="reg"'
        request.answer(401, WWW_Authenticate=f'Bearer {realm},scope="repository:team/app:pull"')


def test_token_for_nobody() -> None:
    """A public repository: the token server is asked without a login, for this repository alone."""
    with registry(wants_token) as server:
        assert ask(server) == DIGEST
        line, login, _ = server.asked[1]
        wanted = {"a": ["b"], "service": ["reg"], "scope": ["repository:team/app:pull"]}
        assert (parse_qs(urlsplit(line).query), login) == (wanted, None)


def test_token_for_a_user(home: Path) -> None:
    """The password goes to the token server, the token to the registry."""
    with registry(wants_token) as server:
        log_in(home, server.host)
        assert ask(server) == DIGEST
        assert [login for _, login, _ in server.asked] == [None, BASIC, "Bearer abc"]


def test_token_for_an_identity_token(home: Path) -> None:
    """By OAuth2, as docker does with what a login has given instead of a password."""
    with registry(wants_token) as server:
        log_in(home, server.host, identitytoken="refresh")
        assert ask(server) == DIGEST
        line, login, body = server.asked[1]
        assert (line, login) == ("POST /token?a=b", None)
        form = parse_qs(body)
        assert (form["grant_type"], form["refresh_token"], form["service"]) == (["refresh_token"], ["refresh"], ["reg"])


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, b"{}", "HTTP 401 without a login"),
        (200, HTML, "/token gives no token (HTTP 200)"),
        (200, b"[]", "/token gives no token (HTTP 200)"),
        (200, b"{}", "/token gives no token (HTTP 200)"),
        (500, b"", "/token gives no token (HTTP 500)"),
    ],
)
def test_token_server_that_gives_none(status: int, body: bytes, says: str) -> None:
    """It is named, or the login that is missing."""

    def answers(request: Request) -> None:
        if request.path.startswith("/token"):
            request.answer(status, body)
        else:
            request.answer(401, WWW_Authenticate=f'Bearer realm="http://{request.headers["Host"]}/token"')

    with registry(answers) as server:
        assert says in refusal(server)


@pytest.mark.parametrize("domain", ["localhost", "localhost:5000", "127.0.0.1:5000", "127.3.2.1", "[::1]:5000"])
def test_on_this_machine(domain: str) -> None:
    """By plain HTTP."""
    assert is_loopback(domain)


@pytest.mark.parametrize(
    "domain", ["registry.example", "192.0.2.1:5000", "127.example", "localhost.example", "[2001:db8::1]"]
)
def test_on_another_machine(domain: str) -> None:
    """By HTTPS."""
    assert not is_loopback(domain)
