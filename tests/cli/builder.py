"""Stands in for docker, minikube or buildah: notes how it is called, and what it has built; pushes small images."""

import hashlib
import json
import os
import signal
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

HOME = Path(os.environ.get("FAKE_BUILDER", ""))
CONFIG, MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("config", "manifest"))
SECONDS = 30


def main(program: str, arguments: list[str]) -> int:
    """What tests ask for is in files of HOME: `down`, `silent` (does nothing, ends with 0), `fails`, `kills`."""
    with (HOME / "calls").open("a") as calls:
        calls.write(json.dumps([program, *arguments]) + "\n")
    if (HOME / "down").exists():
        print("cannot connect", file=sys.stderr)
        return 1
    images = HOME / f"images-{program}"
    if "--tag" in arguments:
        return build(images, arguments)
    if arguments[0] == "tag":
        (HOME / "tagged").write_text(" ".join(arguments[1:]))
    if arguments[0] == "push":
        return push(images, arguments[-2], arguments[-1])
    if "ls" in arguments or arguments[0] == "images":
        print(images.read_text() if images.exists() else "")
    return 0


def build(images: Path, arguments: list[str]) -> int:
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
        with images.open("a") as list_:
            list_.write(reference + "\n")
    return 0


def push(images: Path, source: str, target: str) -> int:
    """Docker names the target alone, and has to have tagged it; `fills` leaves no room where it is called from."""
    if source == "push":
        source, tagged = (HOME / "tagged").read_text().split()
        assert tagged == target
    target = target.removeprefix("docker://")
    if source not in images.read_text().splitlines():
        print("no such image", file=sys.stderr)
        return 1
    if asked("push-fails", target):
        print("denied", file=sys.stderr)
        return 1
    if not asked("push-silent", target):
        upload(target, source)
    if asked("push-fills", target):
        fill(Path("filler"))
    if asked("push-kills", target):
        os.kill(os.getppid(), signal.SIGKILL)
    return 0


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**10, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


def upload(target: str, content: str) -> None:
    """Push an image whose configuration has that text, by the API of registries, with docker's login."""
    repository, _, tag = target.rpartition(":")
    host, _, path = repository.partition("/")
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"content": content}}}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    described = {"mediaType": CONFIG, "digest": digest, "size": len(config)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}).encode()
    top = f"http://{host}/v2/{path}"
    started = send("POST", f"{top}/blobs/uploads/", b"", "")
    place = urljoin(top, started)
    send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", config, "application/octet-stream")
    send("PUT", f"{top}/manifests/{tag}", manifest, MANIFEST)


def send(method: str, url: str, data: bytes, content_type: str) -> str:
    """The header `Location` of the answer."""
    headers = {"Content-Type": content_type}
    file = Path(os.environ.get("DOCKER_CONFIG", "/dev/null"), "config.json")
    if file.exists():
        (login,) = json.loads(file.read_text())["auths"].values()
        headers["Authorization"] = f"Basic {login['auth']}"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return str(response.headers["Location"])


def asked(name: str, reference: str) -> bool:
    """Whether that is to happen to this image."""
    return (HOME / name).exists() and (HOME / name).read_text() in reference


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[0]).name, sys.argv[1:]))
