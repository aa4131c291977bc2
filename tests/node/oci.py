"""An OCI image layout: layers and configurations by their digests, images by their names, and archives of some."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
VERSION = {"imageLayoutVersion": "1.0.0"}
Descriptor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a layer: its text or bytes, or the file or folder of this machine that it is a copy of."""

    content: str | bytes | Path
    mode: int = 0o644
    owner: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty folder."""

    mode: int = 0o755
    owner: int = 0


Entry = File | Link | Folder


@dataclass(frozen=True, slots=True)
class Settings:
    """How an image is run: fields of its configuration, by their names there."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"
    env_vars: Mapping[str, str] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """As OCI has it."""
        return {
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "User": self.user,
            "WorkingDir": self.folder,
            "Env": [f"{name}={value}" for name, value in self.env_vars.items()],
        }


class Layout:
    """A folder of images; a blob is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where there is none."""
        self.folder = folder
        self.blobs = folder / "blobs/sha256"
        self.blobs.mkdir(parents=True, exist_ok=True)
        (folder / "oci-layout").write_text(json.dumps(VERSION))

    def layer(self, entries: Mapping[str, Entry]) -> Descriptor:
        """A layer of files by their paths, the same bytes for the same entries."""
        path = self.folder / "new.tar"
        with path.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, entry in sorted(entries.items()):
                _add(archive, name.lstrip("/"), entry)
        return self.take(path)

    def take(self, archive: Path) -> Descriptor:
        """A layer of a tar archive, which is moved."""
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = archive.stat().st_size
        archive.replace(self.blobs / digest)
        return {"mediaType": LAYER, "digest": f"sha256:{digest}", "size": size}

    def add(self, name: str, layers: Iterable[Descriptor], settings: Settings) -> str:
        """The image of that name, in place of one that had it; its digest."""
        layers = list(layers)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": settings.config(),
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._json(config, CONFIG),
            "layers": layers,
        }
        made = self._json(manifest, MANIFEST)
        others = [found for found in self.index() if found["annotations"][NAME] != name]
        _write_json(self.folder / "index.json", _index([*others, made | {"annotations": {NAME: name}}]))
        return str(made["digest"])

    def index(self) -> list[Descriptor]:
        """The images, each with its name."""
        path = self.folder / "index.json"
        return list(json.loads(path.read_text())["manifests"]) if path.exists() else []

    def images(self) -> dict[str, str]:
        """Names and digests."""
        return {found["annotations"][NAME]: found["digest"] for found in self.index()}

    def archive(self, names: Mapping[str, str], target: IO[bytes]) -> None:
        """Write images as one archive: the names that they get there, and those of this layout."""
        every = {one["annotations"][NAME]: one for one in self.index()}
        some = [every[name] | {"annotations": {CONTAINERD_NAME: new}} for new, name in names.items()]
        with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            _add(archive, "oci-layout", File(json.dumps(VERSION)))
            _add(archive, "index.json", File(json.dumps(_index(some))))
            for digest in sorted({digest for one in some for digest in self._parts(one)}):
                _add(archive, f"blobs/sha256/{digest}", File(self.blobs / digest))

    def keep(self, names: Iterable[str], layers: Iterable[Descriptor] = ()) -> None:
        """Remove all images but these, and all blobs that none of them has, but for some layers."""
        wanted = set(names)
        some = [found for found in self.index() if found["annotations"][NAME] in wanted]
        _write_json(self.folder / "index.json", _index(some))
        used = {digest for one in some for digest in self._parts(one)} | set(map(_hex, layers))
        for path in self.blobs.iterdir():
            if path.name not in used:
                path.unlink()

    def _parts(self, image: Descriptor) -> list[str]:
        """All blobs of an image."""
        manifest = json.loads((self.blobs / _hex(image)).read_text())
        return [_hex(image), *(_hex(part) for part in (manifest["config"], *manifest["layers"]))]

    def _json(self, content: dict[str, Any], media_type: str) -> Descriptor:
        text = json.dumps(content, sort_keys=True).encode()
        digest = hashlib.sha256(text).hexdigest()
        _write(self.blobs / digest, text)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(text)}


def _index(manifests: list[Descriptor]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}


def _hex(descriptor: Descriptor) -> str:
    return str(descriptor["digest"]).removeprefix("sha256:")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    _write(path, json.dumps(content, indent=1).encode())


def _write(path: Path, text: bytes) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(text)
    new.replace(path)


def _add(archive: tarfile.TarFile, name: str, entry: Entry) -> None:
    if isinstance(entry, File) and isinstance(entry.content, Path) and entry.content.is_dir():
        for path in sorted(path for path in entry.content.rglob("*") if path.is_file()):
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            _add(archive, f"{name}/{path.relative_to(entry.content)}", File(path, mode, entry.owner))
        return
    found = tarfile.TarInfo(name)
    if isinstance(entry, Link):
        found.type, found.linkname = tarfile.SYMTYPE, entry.target
        archive.addfile(found)
        return
    found.mode, found.uid, found.gid = entry.mode, entry.owner, entry.owner
    if isinstance(entry, Folder):
        found.type = tarfile.DIRTYPE
        archive.addfile(found)
    elif isinstance(entry.content, Path):
        found.size = entry.content.stat().st_size
        with entry.content.open("rb") as file:
            archive.addfile(found, file)
    else:
        content = entry.content.encode() if isinstance(entry.content, str) else entry.content
        found.size = len(content)
        archive.addfile(found, io.BytesIO(content))
