"""Credentials for registries, as `docker login` and `buildah login` keep them; nothing is stored here."""

import base64
import binascii
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs_lib.problem import InvalidInput, Problem

HELPER_SECONDS = 20
TOKEN_USER = "<token>"  # noqa: S105 - what a helper says instead of a user
"""The user with which a helper gives an identity token in place of a password."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password, or an identity token, and the file that names them; never shown."""

    file: Path
    user: str = ""
    password: str = ""
    token: str = ""

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Credentials({str(self.file)!r})"

    @property
    def basic(self) -> str:
        """The header `Authorization` of user and password."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def credentials(host: str, path: str) -> Credentials | None:
    """The first that a file of the builders has for the repository `path` of a registry; None where none has any.

    InvalidInput where such a file, or the helper that it names, cannot be read.
    """
    for file in files(os.environ):
        if file.is_file() and (of_file := _of_file(file, host, path)):
            return of_file
    return None


def files(env_vars: Mapping[str, str]) -> Iterator[Path]:
    """Where the builders keep them, in the order in which buildah looks; docker's own file is the last."""
    home = Path.home()
    if own := env_vars.get("REGISTRY_AUTH_FILE"):
        yield Path(own)
    runtime = env_vars.get("XDG_RUNTIME_DIR")
    yield Path(runtime, "containers/auth.json") if runtime else Path(f"/run/containers/{os.getuid()}/auth.json")
    yield Path(env_vars.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json")
    yield Path(env_vars.get("DOCKER_CONFIG") or home / ".docker", "config.json")


def _of_file(file: Path, host: str, path: str) -> Credentials | None:
    """A helper of the registry, then its entry or that of a path in it, then the helper for all."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        parts = path.split("/")
        names = ["/".join((host, *parts[:length])) for length in range(len(parts), -1, -1)]
        auths, helpers = content.get("auths") or {}, content.get("credHelpers") or {}
        entry: Mapping[str, Any] = next((auths[name] for name in names if auths.get(name)), {})
        user, _, password = base64.b64decode(entry.get("auth") or "").decode().partition(":")
        user, password = entry.get("username") or user, entry.get("password") or password
        token, helper = entry.get("identitytoken") or "", helpers.get(host)
        store = content.get("credsStore")
    except (OSError, AttributeError, TypeError, ValueError, binascii.Error) as error:
        message = f"is not a file of logins ({type(error).__name__})"
        raise InvalidInput([Problem(str(file), message, "correct it, or delete it and log in again")]) from error
    if helper:
        return _of_helper(file, str(helper), host)
    if user or token:
        return Credentials(file, user, password, token)
    return _of_helper(file, str(store), host) if store else None


def _of_helper(file: Path, name: str, host: str) -> Credentials | None:
    """What the program docker-credential-<name> has; None where it has nothing."""
    program = shutil.which(f"docker-credential-{name}")
    if program is None:
        fix = "install it, or log in again without it"
        raise InvalidInput([Problem(str(file), f"names docker-credential-{name}, which is not installed", fix)])
    try:
        done = subprocess.run(
            [program, "get"], input=host, capture_output=True, text=True, timeout=HELPER_SECONDS, check=False
        )
        if done.returncode:
            return None
        said = json.loads(done.stdout)
        user, secret = str(said["Username"]), str(said["Secret"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        fix = f"see what `docker-credential-{name} get` says, or log in again"
        raise InvalidInput([Problem(program, f"gives no credentials ({type(error).__name__})", fix)]) from error
    return Credentials(file, token=secret) if user == TOKEN_USER else Credentials(file, user, secret)
