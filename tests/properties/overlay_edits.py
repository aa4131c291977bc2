"""Edits of what is written by hand for one environment, as people make them."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.kustomization import KUSTOMIZATION
from constructs_lib.settings import FILE
from constructs_lib.traits import traits
from tests.repository import PLATFORM, attach

Edit = Callable[[random.Random, Path], str]
"""Changes what is written by hand for the environment that has this overlay; says what."""


def patches(overlay: Path) -> list[Path]:
    """The files of patches."""
    return sorted(path for path in overlay.glob("*/*.yaml") if path.name != KUSTOMIZATION)


def rewrite(path: Path, content: Any) -> None:
    """Write it anew."""
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def workload(chance: random.Random, overlay: Path, change: Callable[[dict[str, Any]], str]) -> str:
    """Change the patch of a Deployment or StatefulSet."""
    contents = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in patches(overlay)}
    path = chance.choice([path for path, patch in contents.items() if patch["kind"] in ("Deployment", "StatefulSet")])
    words = change(contents[path])
    rewrite(path, contents[path])
    return f"{path.name}: {words}"


def resources(chance: random.Random, overlay: Path) -> str:
    """Another request or limit, or one more."""
    # Nobody has written such odd ones: an edit that changes nothing would be none.
    cpu, memory = f"0.{chance.randint(5, 400):03}137", f"{chance.randint(16_000, 800_000)}137"
    key, amount = chance.choice([("cpu", cpu), ("memory", memory)])
    section = chance.choice(["requests", "limits"])

    def change(patch: dict[str, Any]) -> str:
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        container.setdefault("resources", {}).setdefault(section, {})[key] = amount
        return f"{section} {key} {amount}"

    return workload(chance, overlay, change)


def annotation(chance: random.Random, overlay: Path) -> str:
    """A note on a workload: it takes nothing of a quota, and is tested all the same."""
    note = str(chance.random())

    def change(patch: dict[str, Any]) -> str:
        patch["metadata"].setdefault("annotations", {})["note"] = note
        return f"note {note}"

    return workload(chance, overlay, change)


def variable(chance: random.Random, overlay: Path) -> str:
    """An environment variable."""
    one = {"name": f"LEVEL_{chance.randint(0, 9)}", "value": str(chance.random())}

    def change(patch: dict[str, Any]) -> str:
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        container["env"] = [*(old for old in container.get("env", []) if old["name"] != one["name"]), one]
        return f"{one}"

    return workload(chance, overlay, change)


def in_place(chance: random.Random, overlay: Path) -> str:
    """One more patch, written in a kustomization."""
    tier = chance.choice(["core", "processing"])
    path = overlay / tier / KUSTOMIZATION
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    value = chance.randint(1, 9999)
    patch = f"- {{op: replace, path: /spec/revisionHistoryLimit, value: {value}}}"
    content.setdefault("patches", []).append({"target": {"kind": "Deployment"}, "patch": patch})
    rewrite(path, content)
    return f"{tier}: revisionHistoryLimit {value}"


def removal(chance: random.Random, overlay: Path) -> str:
    """A patch less, and its file."""
    path = chance.choice([path for path in patches(overlay) if path.parent.name in ("core", "foundation")])
    kustomization = path.with_name(KUSTOMIZATION)
    content = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
    content["patches"] = [entry for entry in content["patches"] if entry.get("path") != path.name]
    rewrite(kustomization, content)
    path.unlink()
    return f"without {path.name}"


def trait(chance: random.Random, overlay: Path) -> str:
    """Another trait, if there is one left."""
    own = yaml.safe_load((overlay.parents[1] / FILE).read_text(encoding="utf-8"))["environments"][overlay.name]
    left = sorted(set(traits(overlay.parent)) - {*own.get("traits", [])})
    if not left:
        return resources(chance, overlay)
    name = chance.choice(left)
    attach(overlay.parents[1], overlay.name, [name])
    return f"trait {name}"


def setting(chance: random.Random, overlay: Path) -> str:
    """Another value in the settings file, or other pins."""
    root, environment, number = overlay.parents[1], overlay.name, chance.randint(1, 255)
    pins = dict.fromkeys(chance.sample(PLATFORM.tiers, 3), f"{number:02x}" + "ab" * 19)
    values = {
        "revision": f"branch-{number}",
        "dns": {"addresses": [f"10.0.0.{number}"]},
        "cluster": f"far-{number}",
        "host": f"h{number}.example",
    }
    key = chance.choice([*values, "pins"])
    if key == "pins":
        (root / "pins").mkdir(exist_ok=True)
        rewrite(root / f"pins/{environment}.yaml", pins)
    else:
        settings = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
        settings["environments"][environment][key] = values[key]
        rewrite(root / FILE, settings)
    return f"{key} {number}"


MORE: tuple[Edit, ...] = (resources, resources, annotation, variable, in_place, trait, setting)
KINDS: tuple[Edit, ...] = (*MORE, removal)
