"""A bare git repository that Argo CD follows, and the copy of the project that commits go into it from."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml
from click.testing import CliRunner

from catalogue.components import CATALOGUE
from chatdb import release as releases
from chatdb.cli import main as chatdb
from chatdb.committed import builds
from constructs_lib.settings import Settings, read_settings
from tests.repository import IDENTITY, copy_generated

IGNORED = ".cdk8s\n.tools\n.venv\n__pycache__\nnode_modules\n"
Operations = Sequence[Mapping[str, object]] | Mapping[str, object]
"""A JSON patch, or a strategic merge patch."""


class Origin:
    """The repository; `work` is the clone that a person would have."""

    environment = "minikube"

    def __init__(self, folder: Path, url: str | None = None, files: Callable[[Path], object] = copy_generated) -> None:
        """Make both, with those files in the clone, and the first commit; `url` is where Argo CD finds it."""
        self.bare = folder / "origin.git"
        self.work = folder / "work"
        self.work.mkdir(parents=True)
        files(self.work)
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", self.bare], check=True)
        self.git("init", "--quiet", "--initial-branch=main")
        (self.work / ".git/info/exclude").write_text(IGNORED)
        self.git("remote", "add", "origin", str(self.bare))
        own = ("--environment", self.environment, "--revision", "main")
        self.run("init", "--repository", url or f"file://{self.bare}", *own)
        self.commit("The platform")

    def git(self, *arguments: str) -> str:
        """Run git in the clone."""
        done = subprocess.run(
            ["git", "-C", str(self.work), *arguments],
            env={**os.environ, **IDENTITY},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def run(self, *arguments: str) -> None:
        """Run `chatdb` for the clone, as its user does."""
        done = CliRunner().invoke(chatdb, arguments, obj=self.work, env=IDENTITY)
        assert done.exit_code == 0, done.output

    def commit(self, message: str) -> str:
        """Generate, commit everything and push; the commit."""
        self.run("synth")
        return self.commit_as_it_is(message)

    def commit_as_it_is(self, message: str) -> str:
        """Commit everything without generating, and push; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.push()

    def push(self) -> str:
        """Push what is committed."""
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def release(self) -> str:
        """Pin all tiers to the present commit, and push; the commit."""
        held = self.pin()
        self.push()
        return held

    def pin(self) -> str:
        """Pin all tiers to the present commit; the commit.

        `chatdb release` would not: it refuses what `chatdb check` finds, and faults are released here on purpose.
        """
        held = self.git("rev-parse", "HEAD")
        settings = read_settings(self.work, CATALOGUE, self.environment)
        releases.write_pins(self.work, settings.environment, _pins(self.work, settings, held))
        self.run("synth")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Release {held[:12]} to {settings.environment}")
        return held

    def release_as_it_is(self) -> str:
        """Pin all tiers to the present commit by hand, without generating, and push; the commit."""
        held = self.git("rev-parse", "HEAD")
        for path in sorted((self.work / f"argocd/{self.environment}/apps").glob("*.yaml")):
            content = yaml.safe_load(path.read_text())
            if content["kind"] == "Application":
                content["spec"]["source"]["targetRevision"] = held
            else:
                content["data"] = dict.fromkeys(content["data"], held)
            path.write_text(yaml.safe_dump(content, sort_keys=False))
        self.commit_as_it_is("Pinned by hand")
        return held

    def reset(self) -> None:
        """Undo every change of the overlays; it is not committed yet."""
        first = self.git("rev-list", "--max-parents=0", "HEAD")
        self.git("checkout", first, "--", "overlays")

    def patch(
        self, tier: str, target: Mapping[str, str], operations: Operations, environment: str | None = None
    ) -> None:
        """Add a patch to the overlay of a tier; it is not committed yet."""
        path = self.work / f"overlays/{environment or self.environment}/{tier}/kustomization.yaml"
        content = yaml.safe_load(path.read_text())
        patch = {"target": dict(target), "patch": yaml.safe_dump(operations), "options": {"allowNameChange": True}}
        content.setdefault("patches", []).append(patch)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def forget(self, tier: str, resource: str) -> None:
        """Take a resource out of the overlay of a tier; it is not committed yet."""
        path = self.work / f"overlays/{self.environment}/{tier}/kustomization.yaml"
        content = yaml.safe_load(path.read_text())
        content["resources"].remove(resource)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def mark(self, tier: str, value: str, environment: str | None = None) -> None:
        """Change the pod template of everything in the tier that runs on: it rolls, and nothing else differs."""
        # Whether there are annotations already decides what may be added: a map that is replaced would lose some.
        label = added("/spec/template/metadata/labels/release", value)
        self.patch(tier, {"kind": "Deployment|StatefulSet"}, [label], environment)

    def strand(self, tier: str, component: str) -> None:
        """Ask for a node that there is not: the component never gets ready with this commit."""
        selector = added("/spec/template/spec/nodeSelector", {"chatdb.io/node": "none"})
        self.patch(tier, {"kind": "Deployment|StatefulSet", "name": component}, [selector])

    def revert(self, commit: str) -> None:
        """Undo a commit; it is not released yet."""
        self.git("revert", "--no-edit", commit)


def added(path: str, value: object) -> dict[str, object]:
    """A patch that adds or replaces a value."""
    return {"op": "add", "path": path, "value": value}


def _pins(tree: Path, settings: Settings, contents: str) -> dict[str, object]:
    """What a file of pins says where the tree is that commit."""
    # No base has an autoscaler.
    varied = settings.traits or settings.kinds
    return releases.pins_of(settings, contents, builds(tree, settings.environment, settings.tiers) if varied else {})
