"""The programs that build images: how each is asked whether it can, what it has, and to build."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chatdb.images import BUILDERS
from constructs_lib.problem import InvalidInput, Problem

ANSWER_SECONDS = 30
BUILD_SECONDS = 1800
REGISTRY = "docker.io/"
"""What an image's short name stands for; buildah would take localhost/ for it."""


@dataclass(frozen=True, slots=True)
class Builder:
    """A program: a command that succeeds where it can build, one that lists images, and the begin of a build."""

    answers: tuple[str, ...]
    lists: tuple[str, ...]
    builds: tuple[str, ...]

    def command(self, dockerfile: str, reference: str) -> tuple[str, ...]:
        """The build of an image from the present folder."""
        return *self.builds, "--file", dockerfile, "--tag", REGISTRY + reference, "."

    def there(self) -> frozenset[str]:
        """References of the images that it has; InvalidInput where it does not say."""
        done = _ask(self.lists)
        if isinstance(done, str):
            raise InvalidInput([Problem(" ".join(self.lists), done, "start it, or name another one with --builder")])
        return frozenset(line.strip().removeprefix(REGISTRY) for line in done)


KNOWN = {
    "minikube": Builder(
        ("minikube", "status", "--format", "{{.Host}}"), ("minikube", "image", "ls"), ("minikube", "image", "build")
    ),
    "docker": Builder(
        ("docker", "version", "--format", "{{.Server.Version}}"),
        ("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"),
        ("docker", "build"),
    ),
    "buildah": Builder(
        ("buildah", "version"), ("buildah", "images", "--format", "{{.Name}}:{{.Tag}}"), ("buildah", "build")
    ),
}


def find(name: str | None) -> Builder:
    """The builder of that name, or the first that answers; InvalidInput with what each one said."""
    refused = []
    for each in [name] if name else BUILDERS:
        done = _ask(KNOWN[each].answers)
        if not isinstance(done, str):
            return KNOWN[each]
        refused.append(Problem(each, done, "install or start it, or name another one with --builder"))
    raise InvalidInput(refused)


def run(command: Sequence[str], folder: Path) -> str | None:
    """Build in the folder, with the program's words on the terminal; what was wrong, and None where nothing was."""
    try:
        done = subprocess.run(command, cwd=folder, timeout=BUILD_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"it has not ended within {BUILD_SECONDS} s"
    return f"it ended with {done.returncode}" if done.returncode else None


def _ask(command: Sequence[str]) -> list[str] | str:
    """The lines that it prints, or in one text why it does not."""
    if not shutil.which(command[0]):
        return "it is not installed"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"it has not answered within {ANSWER_SECONDS} s"
    return (done.stderr.strip() or f"it ended with {done.returncode}") if done.returncode else done.stdout.splitlines()
