"""The programs that build images: how each is asked whether it can, what it has, and to build."""

import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatdb.images import BUILDERS
from chatdb.images.registry import is_loopback
from constructs_lib.image_reference import parse_image
from constructs_lib.problem import InvalidInput, Problem

ANSWER_SECONDS = 30
BUILD_SECONDS = 1800
"""For a build, and for a push."""
REGISTRY = "docker.io/"
"""What an image's short name stands for; buildah would take localhost/ for it."""
Commands = tuple[tuple[str, ...], ...]


def _docker_push(source: str, target: str) -> Commands:
    """Docker pushes what has the name of the target. It tries plain HTTP on loopback by itself."""
    return ("docker", "tag", source, target), ("docker", "push", target)


def _buildah_push(source: str, target: str) -> Commands:
    insecure = ("--tls-verify=false",) if is_loopback(parse_image(target).domain) else ()
    return (("buildah", "push", *insecure, source, f"docker://{target}"),)


@dataclass(frozen=True, slots=True)
class Builder:
    """A program: a command that succeeds where it can build, one that lists images, and the begin of a build.

    `pushes` gives the commands that push an image of that name under another one; None where it cannot push.
    """

    answers: tuple[str, ...]
    lists: tuple[str, ...]
    builds: tuple[str, ...]
    pushes: Callable[[str, str], Commands] | None = None

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
        _docker_push,
    ),
    "buildah": Builder(
        ("buildah", "version"),
        ("buildah", "images", "--format", "{{.Name}}:{{.Tag}}"),
        ("buildah", "build"),
        _buildah_push,
    ),
}


def find(name: str | None, among: Collection[str] = BUILDERS) -> Builder:
    """The builder of that name, or the first that answers; InvalidInput with what each one said."""
    return next(answering(name, among))


def answering(name: str | None, among: Collection[str]) -> Iterator[Builder]:
    """The builder of that name, or all that answer; InvalidInput with what each one said where none does."""
    refused: list[Problem] = []
    names = [name] if name else among
    for each in names:
        done = _ask(KNOWN[each].answers)
        if not isinstance(done, str):
            yield KNOWN[each]
        else:
            refused.append(Problem(each, done, "install or start it, or name another one with --builder"))
    if len(refused) == len(names):
        raise InvalidInput(refused)


def run(command: Sequence[str], folder: Path) -> str | None:
    """Build or push, with the program's words on the terminal; what was wrong, and None where nothing was."""
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
