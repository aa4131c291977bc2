"""Images for a real node, under the names that manifests give them: no registry is asked.

The services' are built by their own Dockerfiles, with Debian's Python as their base. Those of others are made from
packages, or are stand-ins; docs/real-node.md says for each what it imitates, and what it leaves unproven.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from catalogue.components import CATALOGUE
from chatdb.images import content
from chatdb.local.processes import scratch_folder
from constructs_lib.image_reference import parse_image
from tests.e2e.stack import CLUSTER, built
from tests.images.image_builders import PYTHON, Buildah, base_name, build, debian, repository, run
from tests.node import gateway, ingress
from tests.node.node import COREDNS, PAUSE
from tests.node.oci import Descriptor, Entry, File, Folder, Layout, Link, Settings
from tests.repository import ROOT

FOLDER = ROOT / ".tools/node/images"
STANDINS = Path(__file__).with_name("standins")
KAFKA = ROOT / ".tools/kafka"
BIN = ROOT / ".tools/bin"
SERVERS = (
    "ca-certificates", "git", "gnupg", "locales", "openjdk-21-jre-headless", "openssh-client", "postgresql-17",
    "redis-server", "tini",
)  # fmt: skip
"""Debian's packages of what is no Python: one file system for all images that need some of them."""
NO_CLUSTER = 'f="$1/etc/postgresql-common"; mkdir -p "$f"; echo create_main_cluster=false > "$f/createcluster.conf"'
HOOKS = (
    f"--essential-hook={NO_CLUSTER}",
    '--customize-hook=chroot "$1" localedef -i en_US -c -f UTF-8 en_US.UTF-8',
)
ROOTS = "roots.json"
HUB = "docker.io/"
OURS = {name: image for name, image in CATALOGUE.images.items() if image.source}
"""Images that are built from this repository."""
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Made = tuple[list[Descriptor], Settings]


def full(reference: str) -> str:
    """The name of an image as containerd has it."""
    parsed = parse_image(reference)
    if parsed.domain:
        return reference
    return f"{HUB}{reference}" if "/" in parsed.path else f"{HUB}library/{reference}"


def named(manifests: Iterable[Mapping[str, object]]) -> list[str]:
    """The images that rendered objects name, each once."""
    references: set[str] = set()
    for manifest in manifests:
        for key in ("containers", "initContainers"):
            references |= {container["image"] for container in _containers(manifest, key)}
    return sorted(references)


def _containers(node: object, key: str) -> list[dict[str, str]]:
    """Every list of that key, however deep."""
    if isinstance(node, list):
        return [one for part in node for one in _containers(part, key)]
    if not isinstance(node, dict):
        return []
    own = node.get(key, [])
    return [*(own if isinstance(own, list) else []), *(one for part in node.values() for one in _containers(part, key))]


class Images:
    """What has been made stays in a folder, and is made again only where it would be another one."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Nothing is made yet."""
        self.folder = folder
        self.layout = Layout(folder / "layout")

    def take(self, references: Iterable[str]) -> dict[str, str]:
        """Make what is named: names on the node, and in the layout. Ours are there by the tag of their content, too."""
        repositories = {image.repository for image in OURS.values()}
        ours = {found for found in references if parse_image(found).repository in repositories}
        others = sorted(set(references) - ours)
        for reference in others:
            self._make(reference)
        services = self.services() if ours else {}
        ours_built = {full(reference): services[parse_image(reference).repository] for reference in ours}
        return ours_built | {name: name for name in (*services.values(), *map(full, others))}

    def own(self) -> dict[str, str]:
        """What the node itself runs."""
        for name, program in ((PAUSE, "pause"), (COREDNS, "coredns")):
            entries = {program: File(built(f"bin/{program}"), 0o755), **_users({}), "tmp": Folder(0o1777)}
            self.layout.add(name, [self.layout.layer(entries)], Settings((f"/{program}",)))
        return {PAUSE: PAUSE, COREDNS: COREDNS} | self.take([ingress.image()])

    def _make(self, reference: str) -> None:
        path = parse_image(reference).path
        if path not in RECIPES:
            raise LookupError(f"no image for {reference} on a real node: add a recipe to {Path(__file__).name}")
        layers, settings = RECIPES[path](self)
        self.layout.add(full(reference), layers, settings)

    def root(self, packages: tuple[str, ...], *hooks: str) -> Descriptor:
        """Debian with these packages, as a layer."""
        known = self._roots()
        key = " ".join((*packages, *hooks))
        if key not in known:
            archive = self.folder / "root.tar"
            archive.unlink(missing_ok=True)
            debian(archive, packages, *hooks)
            known[key] = self.layout.take(archive)
            (self.folder / ROOTS).write_text(json.dumps(known, indent=1))
        return known[key]

    def _roots(self) -> dict[str, Descriptor]:
        path = self.folder / ROOTS
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def keep(self, names: Iterable[str]) -> None:
        """Remove what is no part of these images of the layout; Debian's file systems stay."""
        self.layout.keep(names, self._roots().values())

    def python(self) -> list[Descriptor]:
        """Debian's Python where the official image has its own."""
        links = {f"usr/local/bin/{name}": Link("/usr/bin/python3") for name in ("python", "python3", "python3.13")}
        return [self.root(PYTHON), self.layout.layer(links)]

    def servers(self, entries: Mapping[str, Entry]) -> list[Descriptor]:
        """Debian's servers, and files of our own."""
        return [self.root(SERVERS, *HOOKS), self.layout.layer(entries)]

    def services(self) -> dict[str, str]:
        """Build the services' images that are not there as they are now; repositories, and names in the layout."""
        tags = {image.source: content.tag(content.contents(ROOT, str(image.source))) for image in OURS.values()}
        names = {image.repository: f"{HUB}{image.repository}:{tags[image.source]}" for image in OURS.values()}
        if new := sorted(set(names.values()) - set(self.layout.images())):
            self._build(new)
        return names

    def _build(self, names: list[str]) -> None:
        """By their Dockerfiles, from a copy of the repository."""
        folder = self.folder / "buildah"
        folder.mkdir(exist_ok=True)
        # What was mounted is so no more, and buildah would not know it.
        shutil.rmtree(folder / "run", ignore_errors=True)
        builder = Buildah(folder, "overlay")
        base = full(base_name())
        self._make(base_name())
        # It makes a name of the path, and refuses most.
        pull = ("env", f"--chdir={self.folder}", "buildah", "pull", "--quiet", f"oci:layout:{base}")
        run("buildah", "tag", run(*pull, env_vars=builder.env_vars), base, env_vars=builder.env_vars)
        with scratch_folder() as work:
            build("buildah", builder.env_vars, repository(work))
        for name in names:
            target = f"oci:{self.layout.folder}:{name}"
            run("buildah", "push", "--quiet", "--disable-compression", name, target, env_vars=builder.env_vars)


def _users(users: Mapping[str, int]) -> dict[str, Entry]:
    """The files that name users, besides those that every image has."""
    everybody = {"root": 0, "nobody": 65534, **users}
    passwd = "".join(f"{name}:x:{uid}:{uid}::/tmp:/bin/sh\n" for name, uid in everybody.items())
    group = "".join(f"{name}:x:{uid}:\n" for name, uid in everybody.items())
    return {"etc/passwd": File(passwd), "etc/group": File(group)}


def _program(path: Path) -> File:
    return File(path, 0o755)


def _base(images: Images) -> Made:
    return images.python(), Settings((), ("python3",), env_vars={"PATH": PATHS, "LANG": "C.UTF-8"})


def _postgres(images: Images) -> Made:
    entries: dict[str, Entry] = {
        **_users({"postgres": 999}),
        "docker-entrypoint-initdb.d": Folder(),
        "usr/local/bin/docker-entrypoint.sh": _program(STANDINS / "postgres.sh"),
    }
    env_vars = {"PATH": f"/usr/lib/postgresql/17/bin:{PATHS}", "LANG": "en_US.utf8"}
    env_vars["PGDATA"] = "/var/lib/postgresql/data"
    return images.servers(entries), Settings(("docker-entrypoint.sh",), ("postgres",), env_vars=env_vars)


def _kafka(images: Images) -> Made:
    script = (STANDINS / "kafka-class.sh").read_text(encoding="utf-8")
    tools = re.findall(r"^  (kafka-\S+\.sh)\)", script, re.MULTILINE)
    entries: dict[str, Entry] = {
        **_users({"appuser": 1000}),
        "etc/kafka/docker/run": _program(STANDINS / "kafka-run.sh"),
        "opt/kafka/bin/class": _program(STANDINS / "kafka-class.sh"),
        "opt/kafka/config": Folder(owner=1000),
        "opt/kafka/libs": File(KAFKA / "libs"),
        **{f"opt/kafka/bin/{name}": Link("class") for name in tools},
    }
    return images.servers(entries), Settings(
        ("/etc/kafka/docker/run",), user="appuser", env_vars={"PATH": PATHS, "LANG": "C.UTF-8"}
    )


def _python_program(images: Images, entries: dict[str, Entry], command: tuple[str, ...], user: str = "") -> Made:
    """A program of our own on Debian's Python."""
    env_vars = {"PATH": PATHS, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return [*images.python(), images.layout.layer(entries)], Settings(command, user=user, env_vars=env_vars)


def _versitygw(images: Images) -> Made:
    return _python_program(
        images, {"usr/local/bin/versitygw": _program(BIN / "versitygw")}, ("/usr/local/bin/versitygw",)
    )


def _minio(images: Images) -> Made:
    entries: dict[str, Entry] = {
        "usr/local/bin/versitygw": _program(BIN / "versitygw"),
        "usr/bin/minio": _program(STANDINS / "minio.py"),
    }
    return _python_program(images, entries, ("minio",))


def _prometheus(images: Images) -> Made:
    entries: dict[str, Entry] = {
        "usr/bin/prometheus": _program(BIN / "prometheus"),
        "etc/prometheus": Folder(),
        "prometheus": Folder(owner=65534),
    }
    return _python_program(images, entries, ("/bin/prometheus",), "nobody")


def _locust(images: Images) -> Made:
    packages = images.folder / "locust"
    lock = ROOT / "requirements/load.lock"
    if not packages.exists() or packages.stat().st_mtime < lock.stat().st_mtime:
        shutil.rmtree(packages, ignore_errors=True)
        line = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(lock)]
        wheels = ["--python-version=3.13", "--only-binary=:all:", f"--target={packages}"]
        subprocess.run([*line, *wheels], check=True)
    entries: dict[str, Entry] = {
        **_users({"locust": 1000}),
        "home/locust": Folder(owner=1000),
        "opt/locust": File(packages),
        "usr/local/bin/locust": File(
            "#!/usr/bin/python3\nimport sys\nsys.path.insert(0, '/opt/locust')\n"
            "from locust.main import main\nsys.exit(main())\n",
            0o755,
        ),
    }
    return _python_program(images, entries, ("locust",), "locust")


def _chaoskube(images: Images) -> Made:
    return _python_program(
        images, {"usr/local/bin/chaoskube": _program(STANDINS / "chaoskube.py")}, ("chaoskube",), "1000"
    )


def _listener(*ports: str, user: str) -> Callable[[Images], Made]:
    """A stand-in that listens there, whatever its arguments are."""

    def recipe(images: Images) -> Made:
        start = f"#!/bin/sh\nexec listener {' '.join(ports)}\n"
        entries: dict[str, Entry] = {
            "usr/local/bin/listener": _program(STANDINS / "listener.py"),
            "usr/local/bin/start": File(start, 0o755),
        }
        return _python_program(images, entries, ("start",), user)

    return recipe


def _argo_cd(images: Images) -> Made:
    roles = ("application-controller", "applicationset-controller", "cmp-server", "commit-server", "dex", "k8s-auth")
    more = ("notifications", "repo-server", "server")
    wrappers = ("git-verify-wrapper.sh", "gpg-wrapper.sh")
    entries: dict[str, Entry] = {
        **_users({"argocd": 999}),
        "home/argocd": Folder(0o775, 999),
        "usr/local/bin/argocd": _program(CLUSTER / "bin/argocd"),
        "usr/local/bin/kustomize": _program(CLUSTER / "bin/kustomize"),
        **{f"usr/local/bin/{name}": _program(CLUSTER / "bin" / name) for name in wrappers},
        "usr/local/bin/entrypoint.sh": File('#!/bin/sh\nexec "$@"\n', 0o755),
        # Asked for its version at most: no chart is rendered here.
        "usr/local/bin/helm": File("#!/bin/sh\necho v3.18.0\n", 0o755),
        **{f"usr/local/bin/argocd-{name}": Link("argocd") for name in (*roles, *more)},
        "app/config/ssh/ssh_known_hosts": File("", owner=999),
        **{f"app/config/{name}": Folder(0o775, 999) for name in ("tls", "gpg/source", "gpg/keys")},
    }
    env_vars = {"PATH": PATHS, "HOME": "/home/argocd", "USER": "argocd"}
    start = ("/usr/bin/tini", "--", "entrypoint.sh")
    return images.servers(entries), Settings(start, user="999", folder="/home/argocd", env_vars=env_vars)


def _redis(images: Images) -> Made:
    start = '#!/bin/sh\n[ "${1#-}" = "$1" ] || set -- redis-server "$@"\nexec "$@"\n'
    entries: dict[str, Entry] = {
        **_users({"redis": 999}),
        "data": Folder(0o777),
        "usr/local/bin/docker-entrypoint.sh": File(start, 0o755),
    }
    settings = Settings(("docker-entrypoint.sh",), ("redis-server",), folder="/data", env_vars={"PATH": PATHS})
    return images.servers(entries), settings


def _ingress(images: Images) -> Made:
    configuration = ingress.BUILT / "etc/nginx"
    entries: dict[str, Entry] = {
        **_users({"www-data": 101}),
        "nginx-ingress-controller": _program(ingress.BUILT / "bin/nginx-ingress-controller"),
        # Asked to say when no connection is left; here none is waited for.
        "wait-shutdown": File("#!/bin/sh\nkill -QUIT 1\n", 0o755),
        "etc/nginx": Folder(owner=101),
        "etc/nginx/lua": File(configuration / "lua"),
        "etc/nginx/lua/resty/roundrobin.lua": File(STANDINS / "roundrobin.lua"),
        **{
            f"etc/nginx/lua/resty/{name}.lua": File("return { new = function() return {} end }\n")
            for name in ingress.UNUSED
        },
        "etc/nginx/nginx.conf": File(configuration / "nginx.conf", owner=101),
        "etc/nginx/template/nginx.tmpl": File(ingress.template()),
        **{f"etc/ingress-controller/{name}": Folder(owner=101) for name in ("ssl", "auth", "geoip", "telemetry")},
        "tmp/nginx": Folder(owner=101),
        "usr/bin/nginx": Link("/usr/sbin/nginx"),
        "var/lib/nginx": Folder(owner=101),
        "var/log/nginx": Folder(owner=101),
        "var/log/nginx/access.log": Link("/dev/stdout"),
        "var/log/nginx/error.log": Link("/dev/stderr"),
    }
    layers = [images.root(ingress.PACKAGES), images.layout.layer(entries)]
    return layers, Settings(("/usr/bin/tini", "--"), user="101", folder="/etc/nginx", env_vars={"PATH": PATHS})


def _traefik(images: Images) -> Made:
    return [images.layout.layer({"traefik": _program(gateway.BUILT / "bin/traefik")})], Settings(("/traefik",))


RECIPES: Mapping[str, Callable[[Images], Made]] = {
    "apache/kafka": _kafka,
    "argoproj/argocd": _argo_cd,
    "docker/library/redis": _redis,
    "ingress-nginx/controller": _ingress,
    "grafana/grafana": _listener("3000=/healthz,/api/health", user="472"),
    "jaegertracing/jaeger": _listener("16686=/api/services", "13133=/status", "4317", "4318", "8888", user="10001"),
    "linki/chaoskube": _chaoskube,
    "locustio/locust": _locust,
    "minio/minio": _minio,
    "postgres": _postgres,
    "prom/prometheus": _prometheus,
    "python": _base,
    gateway.NAME: _traefik,
    "versity/versitygw": _versitygw,
}
"""How the image of a repository is made, whatever its tag."""
