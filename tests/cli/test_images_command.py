"""`chatdb images --build`: the commands, what is skipped, what is written, and what a run that ends early leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from chatdb.images import BUILDERS, PUSHERS
from chatdb.images.builders import KNOWN
from tests.cli.machine import Machine
from tests.command import RUN, invoke
from tests.repository import ROOT, manifests

SERVICES = ("ml-engine", "model-registry", "query-parser", "test-service", "training-orchestrator")
TESTS = "overlays/minikube/testing/generated"
BEGIN = {"docker": ["docker", "build"], "buildah": ["buildah", "build"], "minikube": ["minikube", "image", "build"]}


def images(root: Path) -> dict[str, str]:
    """Name of each workload whose image is ours -> that image, as dist/ and the overlay have it."""
    every = [*manifests(root / "dist"), *yaml.safe_load_all((root / TESTS / "tests.yaml").read_text())]
    pods = [(m["metadata"]["name"], m["spec"]["template"]["spec"]) for m in every if has_pod(m)]
    used = {name: container["image"] for name, pod in pods for container in pod["containers"]}
    return {name: image for name, image in used.items() if image.startswith("chatdb/")}


def has_pod(manifest: dict[str, object]) -> bool:
    """Whether it runs something of ours."""
    return manifest["kind"] in ("Deployment", "Job")


@pytest.mark.parametrize("builder", BUILDERS)
def test_build_then_nothing_to_build(machine: Machine, builder: str) -> None:
    """Each image by one command from its own context; then its tag is in dist/; a second run builds nothing."""
    machine.install(builder)
    tests = next(name for name in images(machine.root) if name.startswith("integration-tests"))
    assert f"wrote images.yaml\nchanged: dist, {TESTS}\n" in invoke("images", "--build", "--builder", builder)
    tags = machine.tags()
    assert tags is not None
    assert set(SERVICES) <= tags.keys()
    assert machine.builds() == [
        [*BEGIN[builder], "--file", f"services/{name}/Dockerfile", "--tag", f"docker.io/chatdb/{name}:{tag}", "."]
        for name, tag in sorted(tags.items())
    ]
    context = (machine.home / "context-query-parser").read_text().splitlines()
    assert "services/query-parser/query_parser/__main__.py" in context
    assert [name for name in context if "test-service" in name or "/tests/" in name] == []
    deployed = images(machine.root)
    assert [deployed[name] for name in SERVICES] == [f"chatdb/{name}:{tags[name]}" for name in SERVICES]
    assert tests not in deployed
    output = invoke("images", "--build", "--builder", builder)
    assert "images.yaml is as it was\nnothing else has changed\n" in output
    assert machine.builds() == []
    invoke("synth", "--check")
    invoke("check", "--rule", "jobs")


def test_only_what_has_changed_is_built(machine: Machine) -> None:
    """Another file in one service is another tag of that one; what is shared is in all that copy it."""
    machine.install("docker")
    invoke("images", "--build")
    before = machine.tags()
    machine.calls()
    (machine.root / "services/query-parser/query_parser/more.py").write_text("MORE = 1\n")
    (machine.root / "services/ml-engine/tests/more.py").write_text("MORE = 1\n")
    invoke("images", "--build")
    after = machine.tags()
    assert before
    assert after
    assert [name for name in before if before[name] != after[name]] == ["query-parser"]
    assert len(machine.builds()) == 1
    (machine.root / "services/common/chatdb_common/more.py").write_text("MORE = 1\n")
    invoke("images", "--build")
    common = [name for name in after if b"COPY services/common/" in dockerfile(machine, name).read_bytes()]
    assert len(machine.builds()) == len(common) > 1


def dockerfile(machine: Machine, name: str) -> Path:
    """That of the image."""
    return machine.root / "services" / name / "Dockerfile"


def test_dry_run_prints_and_does_nothing(machine: Machine) -> None:
    """The commands that a run then gives, word by word, and what it would skip."""
    machine.install("docker")
    lines = invoke("images", "--build", "--dry-run").splitlines()
    assert machine.builds() == []
    assert machine.tags() is None
    printed = [line.split() for line in lines if not line.startswith("#")]
    invoke("images", "--build")
    assert machine.builds() == printed
    assert len(printed) >= len(SERVICES)
    again = invoke("images", "--build", "--dry-run").splitlines()
    assert [line for line in again if not line.startswith("# ")] == []


def test_the_first_that_answers_builds(machine: Machine) -> None:
    """Minikube, where it runs; else what there is; and where nothing is, what each of them said."""
    assert invoke("images", "--build", code=1).count("it is not installed; install or start it") == len(BUILDERS)
    machine.install("buildah")
    assert "buildah build" in invoke("images", "--build", "--dry-run")
    machine.install("minikube", "docker")
    assert "minikube image build" in invoke("images", "--build", "--dry-run")
    assert "docker build" in invoke("images", "--build", "--dry-run", "--builder", "docker")
    (machine.home / "down").touch()
    output = invoke("images", "--build", code=1)
    assert [line for line in output.splitlines() if not line.startswith("#")] == [
        f"{name}: cannot connect; install or start it, or name another one with --builder" for name in BUILDERS
    ]
    assert machine.tags() is None


@pytest.mark.parametrize(("marker", "says"), [("fails", "it ended with 1"), ("silent", "is not there after it")])
def test_a_build_that_fails_leaves_the_old_tags(machine: Machine, marker: str, says: str) -> None:
    """Also one that says nothing of it; the next run builds the rest."""
    machine.install("docker")
    (machine.root / "images.yaml").write_text("ml-engine: content-0123456789ab\n")
    (machine.home / marker).write_text("query-parser")
    output = invoke("images", "--build", code=1)
    assert says in output
    assert "fix it, and run again" in output
    assert machine.tags() == {"ml-engine": "content-0123456789ab"}
    built = len(machine.builds())
    (machine.home / marker).unlink()
    assert "wrote images.yaml" in invoke("images", "--build")
    assert len(machine.builds()) == len(machine.tags() or {}) - built + 1


def test_killed_in_the_middle_leaves_the_old_tags(machine: Machine) -> None:
    """SIGKILL while the third image is built: no tag is written, what was built is not built again."""
    machine.install("docker")
    (machine.home / "kills").write_text("query-parser")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, str(machine.root), "images", "--build"]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert machine.tags() is None
    built = len(machine.builds())
    (machine.home / "kills").unlink()
    assert "wrote images.yaml" in invoke("images", "--build")
    # The one that was being built had been finished by the daemon all the same.
    assert len(machine.builds()) == len(machine.tags() or {}) - built


def test_a_missing_source_is_advice(machine: Machine) -> None:
    """Before anything is built."""
    machine.install("docker")
    shutil.rmtree(machine.root / "services/query-parser/query_parser")
    output = invoke("images", "--build", code=1)
    assert "services/query-parser/Dockerfile: nothing of services/query-parser/query_parser is there to copy" in output
    assert machine.builds() == []


def test_the_list_has_the_tags(machine: Machine) -> None:
    """What is listed and explained is what dist/ has."""
    machine.install("docker")
    invoke("images", "--build")
    tags = machine.tags() or {}
    rows = {row["component"]: row["image"] for row in json.loads(invoke("images", "--json"))["images"]}
    assert {name: rows[name] for name in SERVICES} == {name: f"chatdb/{name}:{tags[name]}" for name in SERVICES}


def test_the_script_is_a_door(machine: Machine) -> None:
    """It sees to the set-up, and gives its options to the command, from whatever folder it is called."""
    machine.install("make", "chatdb")
    shutil.copytree(ROOT / "scripts", machine.root / "scripts")
    path = f"{os.environ['PATH']}:/usr/bin:/bin"
    command = [str(machine.root / "scripts/build-images.sh"), "--builder", "docker"]
    environment = os.environ | {"PATH": path}
    subprocess.run(command, cwd="/", env=environment, capture_output=True, timeout=60, check=True)
    asked = ["chatdb", "images", "--build", "--builder", "docker"]
    assert machine.calls() == [["make", "--silent", "setup-synth"], asked]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--dry-run",), "--dry-run goes with --build"),
        (("--dry-run", "--build", "--push"), "--dry-run goes with --build, and without --push"),
        (("--builder", "docker"), "--builder goes with --build and --push"),
        (("--build", "--json"), "leave out --build and --push"),
        (("--push", "--json"), "leave out --build and --push"),
        (("--build", "-e", "minikube"), "leave out -e, or add --push"),
        (("--verify", "--push"), "leave out --build and --push"),
        (("--verify", "--builder", "docker"), "--builder goes with --build and --push"),
        (("--push", "--builder", "minikube"), "minikube cannot push, as its images stay inside of it; use --builder d"),
        (("--build", "--push", "--builder", "minikube"), "use --builder docker or --builder buildah"),
        (("--push", "-e", "staging"), "unknown environment 'staging'. Use one of: minikube"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], says: str) -> None:
    """Options that do not go together, before anything is asked or built."""
    assert says in invoke("images", *options, code=2)


def test_every_builder_is_known() -> None:
    """The names that the command takes, and who of them can push."""
    assert set(BUILDERS) == KNOWN.keys()
    assert [name for name in PUSHERS if KNOWN[name].pushes is None] == []
    assert [name for name, builder in KNOWN.items() if builder.pushes and name not in PUSHERS] == []


def test_list_of_an_environment_is_what_it_runs() -> None:
    """Its traits and its tiers decide; without -e it is the list of the bases."""
    listed = {
        environment: {
            one["component"]: one["image"] for one in json.loads(invoke("images", "--json", *environment))["images"]
        }
        for environment in ((), ("-e", "production"))
    }
    bases, production = listed.values()
    assert bases["minio"].startswith("minio/minio:")
    assert not production.keys() & {"minio", "object-store-buckets", "credentials", "locust-master"}
    assert production["postgres"].startswith("ghcr.io/cloudnative-pg/postgresql:17.")
