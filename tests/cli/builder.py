"""Stands in for docker, minikube or buildah: notes how it is called and from what, and remembers what it has built."""

import json
import os
import signal
import sys
from pathlib import Path

HOME = Path(os.environ["FAKE_BUILDER"])
IMAGES = HOME / "images"


def main(program: str, arguments: list[str]) -> int:
    """What tests ask for is in files of HOME: `down`, `silent` (builds nothing, ends with 0), `fails`, `kills`."""
    with (HOME / "calls").open("a") as calls:
        calls.write(json.dumps([program, *arguments]) + "\n")
    if (HOME / "down").exists():
        print("cannot connect", file=sys.stderr)
        return 1
    if "--tag" in arguments:
        return build(arguments)
    if "ls" in arguments or arguments[0] == "images":
        print(IMAGES.read_text() if IMAGES.exists() else "")
    return 0


def build(arguments: list[str]) -> int:
    """The n-th build may go wrong; one that does not is in the list from then on."""
    reference = arguments[arguments.index("--tag") + 1]
    files = sorted(path.as_posix() for path in Path().rglob("*") if path.is_file())
    (HOME / f"context-{reference.split('/')[-1].split(':')[0]}").write_text("\n".join(files))
    if asked("fails", reference):
        print("no space left", file=sys.stderr)
        return 1
    if asked("kills", reference):
        os.kill(os.getppid(), signal.SIGKILL)
    if not asked("silent", reference):
        with IMAGES.open("a") as images:
            images.write(reference + "\n")
    return 0


def asked(name: str, reference: str) -> bool:
    """Whether that is to happen to this image."""
    return (HOME / name).exists() and (HOME / name).read_text() in reference


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[0]).name, sys.argv[1:]))
