"""Logins are found where docker and buildah keep them, and nowhere else."""

import base64
import json
import os
import sys
from pathlib import Path

import pytest

from chatdb.images import credentials as logins
from chatdb.images.credentials import Credentials, credentials, files
from constructs_lib.problem import InvalidInput

HOST, PATH = "registry.example:5000", "team/app"
HELPER = """#!{python}
import json, sys, time
host = sys.stdin.read()
answer = {answer!r}
if answer is None:
    print("credentials not found in native keychain")
    sys.exit(1)
print(answer if sys.argv[1:] == ["get"] and host == {host!r} else "wrong use")
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for each of the places, and programs on PATH that a test installs."""
    for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def entry(user: str) -> dict[str, str]:
    """As both programs write it; a password may have a colon."""
    return {"auth": base64.b64encode(f"{user}:a:b".encode()).decode()}


def write(path: Path, content: object) -> Path:
    """A file of logins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def docker(home: Path, content: object) -> Path:
    """The file of docker."""
    return write(home / "DOCKER_CONFIG/config.json", content)


def helper(home: Path, name: str, answer: str | None) -> None:
    """A program that has this to say of the host."""
    path = home / f"bin/docker-credential-{name}"
    path.write_text(HELPER.format(python=sys.executable, answer=answer, host=HOST))
    path.chmod(0o755)


def user() -> str | None:
    """Who is logged in."""
    known = credentials(HOST, PATH)
    return known.user if known else None


def test_defaults(home: Path) -> None:
    """Nobody is."""
    assert credentials(HOST, PATH) is None
    docker(home, {"auths": {"other.example": entry("me")}})
    assert credentials(HOST, PATH) is None


def test_custom(home: Path) -> None:
    """User, password and the file; what is printed has neither."""
    file = docker(home, {"auths": {HOST: entry("me")}})
    known = credentials(HOST, PATH)
    assert known == Credentials(file, "me", "a:b")
    assert known is not None
    assert base64.b64decode(known.basic.removeprefix("Basic ")) == b"me:a:b"
    assert repr(known) == f"Credentials({str(file)!r})"
    docker(home, {"auths": {HOST: {"username": "you", "password": "c"}}})
    assert credentials(HOST, PATH) == Credentials(file, "you", "c")


def test_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that has the host, in buildah's order; docker's file last."""
    docker(home, {"auths": {HOST: entry("docker")}})
    assert user() == "docker"
    write(home / "XDG_CONFIG_HOME/containers/auth.json", {"auths": {HOST: entry("config")}})
    assert user() == "config"
    write(home / "XDG_RUNTIME_DIR/containers/auth.json", {"auths": {HOST: entry("runtime")}})
    assert user() == "runtime"
    write(home / "own.json", {"auths": {HOST: entry("own")}})
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(home / "own.json"))
    assert user() == "own"
    write(home / "own.json", {"auths": {"other.example": entry("own")}})
    assert user() == "runtime"


def test_places_without_variables(home: Path) -> None:
    """As the programs choose them."""
    assert list(files({})) == [
        Path(f"/run/containers/{os.getuid()}/auth.json"),
        home / ".config/containers/auth.json",
        home / ".docker/config.json",
    ]


def test_a_path_of_a_registry(home: Path) -> None:
    """The nearest entry, as buildah has them."""
    auths = {HOST: entry("all"), f"{HOST}/team": entry("team"), f"{HOST}/te": entry("other")}
    docker(home, {"auths": auths})
    assert user() == "team"
    docker(home, {"auths": {**auths, f"{HOST}/team/app": entry("app")}})
    assert user() == "app"


def test_helpers(home: Path) -> None:
    """That of the host is asked before the file, that for all where the file has nothing."""
    helper(home, "store", json.dumps({"Username": "store", "Secret": "a"}))
    helper(home, "own", json.dumps({"Username": "own", "Secret": "b"}))
    file = docker(home, {"auths": {HOST: {}}, "credsStore": "store"})
    assert credentials(HOST, PATH) == Credentials(file, "store", "a")
    docker(home, {"auths": {HOST: entry("me")}, "credsStore": "store", "credHelpers": {HOST: "own"}})
    assert credentials(HOST, PATH) == Credentials(file, "own", "b")
    docker(home, {"credHelpers": {"other.example": "own"}})
    assert credentials(HOST, PATH) is None
    helper(home, "own", None)
    docker(home, {"credHelpers": {HOST: "own"}})
    assert credentials(HOST, PATH) is None


def test_identity_tokens(home: Path) -> None:
    """In the file, or as a helper gives them."""
    file = docker(home, {"auths": {HOST: {**entry("0000"), "identitytoken": "abc"}}})
    assert credentials(HOST, PATH) == Credentials(file, "0000", "a:b", "abc")
    helper(home, "own", json.dumps({"Username": "<token>", "Secret": "abc"}))
    docker(home, {"credHelpers": {HOST: "own"}})
    assert credentials(HOST, PATH) == Credentials(file, token="abc")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no",
        "[]",
        '{"auths": ["a"]}',
        {"auths": {HOST: "me"}},
        {"auths": {HOST: {"auth": "a"}}},
        {"credHelpers": [HOST]},
    ],
    ids=range(7),
)
def test_a_file_that_is_broken(home: Path, content: object) -> None:
    """It is named, and what is in it is not shown."""
    file = docker(home, content)
    with pytest.raises(InvalidInput, match="is not a file of logins") as error:
        credentials(HOST, PATH)
    assert str(error.value).startswith(f"{file}: ")
    assert "correct it, or delete it and log in again" in str(error.value)


@pytest.mark.parametrize("answer", ["", "no", "[]", "{}", '{"Username": "me"}'])
def test_a_helper_that_is_broken(home: Path, answer: str) -> None:
    """It is named."""
    helper(home, "own", answer)
    docker(home, {"credHelpers": {HOST: "own"}})
    with pytest.raises(InvalidInput, match="docker-credential-own: gives no credentials"):
        credentials(HOST, PATH)


def test_a_helper_that_is_missing_or_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is waited for."""
    docker(home, {"credHelpers": {HOST: "own"}})
    with pytest.raises(InvalidInput, match="names docker-credential-own, which is not installed; install it"):
        credentials(HOST, PATH)
    monkeypatch.setattr(logins, "HELPER_SECONDS", 0.2)
    helper(home, "own", "")
    path = home / "bin/docker-credential-own"
    path.write_text(path.read_text().replace("host = ", "time.sleep(20); host = "))
    with pytest.raises(InvalidInput, match=r"gives no credentials \(TimeoutExpired\)"):
        credentials(HOST, PATH)
