"""kubectl, which knows every kind of kubeconfig and of login; what is run here can be run by hand."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from constructs_lib import manifest_yaml
from constructs_lib.problem import InvalidInput, Problem

Manifest = dict[str, Any]
SECONDS = 120
FIELD_MANAGER = "chatdb"
APPLY = ("apply", "--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}", "--filename=-")
"""As Argo CD does: what git names is as git says, whoever has changed it."""
FIX = "fix what it says, and run the command again"


class KubectlError(InvalidInput):
    """What kubectl, or the server, refuses; in their own words."""

    def __init__(self, command: str, words: str) -> None:
        """`command` was asked for."""
        self.words = words
        super().__init__([Problem(f"kubectl {command}", words, FIX)])


def program(name: str, fix: str) -> str:
    """Path of a program of the user's; InvalidInput with the fix where it is missing."""
    path = shutil.which(name)
    if not path:
        raise InvalidInput([Problem(name, "is not installed", fix)])
    return path


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The way to one cluster: that of a context, or of the current one."""

    context: str | None = None

    def line(self, *arguments: str) -> list[str]:
        """The command line."""
        chosen = (f"--context={self.context}",) if self.context else ()
        return ["kubectl", *chosen, *arguments]

    def text(self, *arguments: str) -> str:
        """The command line as a person would type it."""
        return shlex.join(self.line(*arguments))

    def run(self, *arguments: str, text: str | None = None, seconds: float = SECONDS) -> str:
        """What it prints; KubectlError where it fails, or takes longer."""
        path = program("kubectl", "install it, or run `make setup-deploy`")
        line = [path, *self.line(*arguments)[1:]]
        try:
            done = subprocess.run(line, input=text, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise KubectlError(arguments[0], f"no answer within {seconds:g} s") from None
        if done.returncode:
            raise KubectlError(arguments[0], done.stderr.strip().removeprefix("error: ") or done.stdout.strip())
        return done.stdout

    def items(self, *arguments: str, text: str | None = None) -> list[Manifest]:
        """The objects that it prints: one, several, or none."""
        printed = self.run(*arguments, "--output=json", text=text)
        try:
            # Several objects that are applied at once are printed one after the other, or as a list.
            return [item for part in _documents(printed) for item in part.get("items", [part])]
        except ValueError as error:
            raise KubectlError(arguments[0], f"its output is not JSON: {printed[:200]}") from error

    def apply(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """Apply them in that order; what the server made of them."""
        return self.items(*APPLY, text=_dump(manifests))

    def there(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """Those of them that the server has, as it has them."""
        return self.items("get", "--filename=-", "--ignore-not-found", text=_dump(manifests))


def _dump(manifests: Iterable[Manifest]) -> str:
    return manifest_yaml.dump(manifests)


def _documents(text: str) -> Iterable[Manifest]:
    decoder, position = json.JSONDecoder(), 0
    while position < len(text := text.rstrip()):
        document, position = decoder.raw_decode(text, position)
        yield document
        position += len(text[position:]) - len(text[position:].lstrip())


@contextmanager
def granted_by(kubectl: Kubectl, file: str) -> Iterator[None]:
    """Where the server forbids something to the account, raise InvalidInput with the file that grants it."""
    try:
        yield
    except KubectlError as error:
        if "(Forbidden)" not in error.words:
            raise
        fix = f"an administrator grants it: `kubectl apply -f {file}`"
        raise InvalidInput([Problem(f"context {kubectl.context}", error.words, fix)]) from error
