"""`chatdb images --push` and `--verify` on a real registry: what is pushed, what is written, what is missing there."""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from chatdb.repository import platform
from constructs_lib.gitops import regenerate
from tests.cli.machine import Machine
from tests.command import RUN, invoke
from tests.images.registry_server import LOGIN, RegistryServer, registry_server
from tests.repository import ROOT, texts

BUILT = 6
"""Images of services/."""


@pytest.fixture
def logins(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where builders keep logins: nobody has logged in anywhere."""
    folder = tmp_path_factory.mktemp("logins")
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    return folder


@pytest.fixture
def registry(logins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """An empty one, for everybody."""
    with registry_server(tmp_path_factory.mktemp("registry")) as server:
        yield server


@pytest.fixture
def pushing(machine: Machine, registry: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Docker is there, and the registry is that of the environment; nothing is generated, for the sake of time."""
    monkeypatch.setattr(regenerate, "regenerate", lambda *_: ())
    machine.install("docker")
    set_registry(machine.root, registry.registry)
    return machine


def set_registry(root: Path, registry: str, environment: str = "minikube") -> None:
    """The setting of an environment."""
    path = root / "chatdb.yaml"
    settings = yaml.safe_load(path.read_text())
    settings["environments"][environment]["registry"] = registry
    path.write_text(yaml.safe_dump(settings, sort_keys=False))


def references(environment: str = "minikube") -> dict[str, str]:
    """What the list says that the environment pulls: component -> image."""
    platform.cache_clear()
    rows = json.loads(invoke("images", "-e", environment, "--json"))["images"]
    return {row["component"]: row["image"] for row in rows if row["source"]}


def process(machine: Machine, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-c", RUN, str(machine.root), *arguments]
    env_vars = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=env_vars, capture_output=True, text=True, timeout=120, check=False)


def findings(code: int = 1) -> list[str]:
    """What is missing in the registry; the last line counts."""
    *lines, last = invoke("images", "--verify", "-e", "minikube", code=code).splitlines()
    assert last.endswith(f": {BUILT} images, {len(lines)} findings")
    return lines


@pytest.mark.parametrize("builder", ["docker", "buildah"])
def test_build_and_push(machine: Machine, registry: RegistryServer, builder: str) -> None:
    """Each image by its name there; images.yaml has the registry's own digests, dist/ only tags; then all is there."""
    machine.install(builder)
    set_registry(machine.root, registry.registry)
    output = invoke("images", "--build", "--push", "-e", "minikube")
    assert output.count("wrote images.yaml\n") == 2
    pushed = machine.pushes()
    tags = machine.content()["tags"]
    assert len(tags) == BUILT
    targets = {name: f"{registry.registry}/{name}:{tag}" for name, tag in sorted(tags.items())}
    if builder == "docker":
        assert pushed == [["docker", "push", target] for target in targets.values()]
    else:
        begin = ["buildah", "push", "--tls-verify=false"]
        sources = {name: f"docker.io/chatdb/{name}:{tag}" for name, tag in tags.items()}
        assert pushed == [[*begin, sources[name], f"docker://{target}"] for name, target in targets.items()]
    digests = {name: registry.digest(name, tag) for name, tag in tags.items()}
    written = {name: f"{tag}@{digests[name]}" for name, tag in tags.items()}
    assert machine.content()["registries"] == {registry.registry: written}
    assert set(references().values()) == {f"{t}@{digests[name]}" for name, t in targets.items()}
    assert registry.host not in str(texts(machine.root / "dist"))
    invoke("synth", "--check")
    assert findings(code=0) == []


def test_what_is_there_is_not_pushed_again(pushing: Machine, registry: RegistryServer) -> None:
    """A second run changes nothing; another source is one push, and the others keep their digests."""
    invoke("images", "--build", "--push", "-e", "minikube")
    before = pushing.content()["registries"][registry.registry]
    pushing.calls()
    output = invoke("images", "--push", "-e", "minikube")
    assert pushing.pushes() == []
    assert output.count(" is there\n") == BUILT
    assert "images.yaml is as it was\nnothing else has changed\n" in output
    (pushing.root / "services/query-parser/query_parser/more.py").write_text("MORE = 1\n")
    invoke("images", "--build")
    assert pushing.content()["registries"][registry.registry] == before
    assert "@" not in references()["query-parser"]
    (said,) = findings()
    assert said.startswith(f"{references()['query-parser']}: was never pushed; run `chatdb images --push -e minikube`")
    pushing.calls()
    invoke("images", "--push", "-e", "minikube")
    assert [call[-1].split(":")[1].split("/")[-1] for call in pushing.pushes()] == ["query-parser"]
    after = pushing.content()["registries"][registry.registry]
    assert [name for name in after if after[name] != before[name]] == ["query-parser"]
    assert findings(code=0) == []


def test_the_builder_that_has_it_pushes(pushing: Machine) -> None:
    """Whichever that is; where none has, all are named before anything is pushed."""
    pushing.install("buildah")
    # By hand, under the tag of the catalogue: nobody knows from which sources.
    (pushing.home / "images-docker").write_text("docker.io/chatdb/ml-engine:0.1.0\n")
    output = invoke("images", "--push", "-e", "minikube", code=1)
    assert output.count(" was not built; run `chatdb images --build --push -e minikube`") == BUILT
    invoke("images", "--build", "--builder", "buildah")
    pushing.calls()
    output = invoke("images", "--push", "-e", "minikube", "--builder", "docker", code=1)
    assert output.count(": docker does not have it; run `chatdb images --build --push -e minikube`") == BUILT
    assert pushing.pushes() == []
    invoke("images", "--push", "-e", "minikube")
    assert {call[0] for call in pushing.pushes()} == {"buildah"}


def test_minikube_is_no_builder_for_a_push(pushing: Machine) -> None:
    """It is the first that builds, and cannot push."""
    pushing.install("minikube")
    invoke("images", "--build", "--push", "-e", "minikube")
    assert {call[0] for call in pushing.calls()} == {"docker"}


def test_killed_in_the_middle(pushing: Machine, registry: RegistryServer) -> None:
    """SIGKILL in a push: what was pushed before is written, the file is whole; the next run pushes the rest."""
    invoke("images", "--build")
    (pushing.home / "push-kills").write_text("query-parser")
    pushing.calls()
    assert process(pushing, "images", "--push", "-e", "minikube").returncode == -signal.SIGKILL
    done = [call[-1] for call in pushing.pushes()]
    written = pushing.content()["registries"][registry.registry]
    assert len(done) == len(written) + 1 > 1
    (pushing.home / "push-kills").unlink()
    invoke("images", "--push", "-e", "minikube")
    assert len(pushing.pushes()) == BUILT - len(written)
    assert findings(code=0) == []


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("push-fails", "it ended with 1; its own words"),
        ("push-silent", "is not in the registry, though the push"),
    ],
)
def test_a_push_that_fails(pushing: Machine, registry: RegistryServer, marker: str, says: str) -> None:
    """Also one that reports success: nothing is written of it, and what was pushed before stays."""
    invoke("images", "--build")
    (pushing.home / marker).write_text("query-parser")
    assert says in invoke("images", "--push", "-e", "minikube", code=1)
    written = pushing.content()["registries"][registry.registry]
    assert "query-parser" not in written
    assert len(written) > 1
    assert len(findings()) == BUILT - len(written)


def test_no_room_for_the_digests(pushing: Machine, registry: RegistryServer) -> None:
    """A disk that fills up meanwhile: advice, and images.yaml is whole, with what was pushed before."""
    invoke("images", "--build")
    before = (pushing.root / "images.yaml").read_text()
    script = f"""
mount -t tmpfs -o size=64m none "$1.full"; cp -a "$1/." "$1.full"; cd "$1.full"
"$2" -c '{RUN}' . images --push --builder docker -e minikube && code=0 || code=$?
cat images.yaml; exit $code
"""
    pushing.root.with_name(f"{pushing.root.name}.full").mkdir()
    (pushing.home / "push-fills").write_text("query-parser")
    line = ["unshare", "--map-root-user", "--mount", "sh", "-euc", script, "sh", str(pushing.root), sys.executable]
    env_vars = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{os.environ['PATH']}:{os.defpath}"}
    done = subprocess.run(line, env=env_vars, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "No space left on device" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
    after = yaml.safe_load(done.stdout[done.stdout.index("# Tags") :])
    assert after["tags"] == yaml.safe_load(before)
    assert "query-parser" not in after["registries"][registry.registry]
    assert len(after["registries"][registry.registry]) > 1


def test_what_is_missing(pushing: Machine, registry: RegistryServer) -> None:
    """Each image is asked for; a tag that has moved, a tag that is gone, an image that is gone; a push heals all."""
    invoke("images", "--build")
    assert [line.split(": ")[1].split(";")[0] for line in findings()] == ["was never pushed"] * BUILT
    invoke("images", "--push", "-e", "minikube")
    digests = {name: text.split("@") for name, text in pushing.content()["registries"][registry.registry].items()}
    moved, untagged, gone = "ml-engine", "query-parser", "test-service"
    other = registry.push(moved, digests[moved][0], "another image")
    registry.delete(untagged, digests[untagged][0])
    registry.delete(gone, digests[gone][1])
    push = "run `chatdb images --push -e minikube`"
    names = {name: f"{registry.registry}/{name}:{digests[name][0]}" for name in digests}
    there = f"the tag is {other} there, and not {digests[moved][1]}; find out who has pushed that"
    assert findings() == [
        f"{names[moved]}: {there}; {push} to have yours again",
        f"{names[untagged]}: the tag is not in the registry any more; {push}",
        f"{names[gone]}: {digests[gone][1]} is not in the registry; {push}",
        f"{names[gone]}: the tag is not in the registry any more; {push}",
    ]
    listed = json.loads(invoke("images", "--verify", "-e", "minikube", "--json", code=1))
    assert [one["image"] for one in listed["images"] for _ in one["findings"]] == [moved, untagged, gone, gone]
    pushing.calls()
    invoke("images", "--push", "-e", "minikube")
    assert len(pushing.pushes()) == 3
    assert findings(code=0) == []


def test_a_tag_that_others_have_pushed_is_there(pushing: Machine, registry: RegistryServer) -> None:
    """Without a digest in images.yaml the environment pulls by tag alone, and has it."""
    invoke("images", "--build")
    for name, tag in (pushing.tags() or {}).items():
        registry.push(name, tag, name)
    assert findings(code=0) == []


def test_a_registry_that_is_down(pushing: Machine, registry: RegistryServer) -> None:
    """One line, and nothing is pushed or written."""
    invoke("images", "--build", "--push", "-e", "minikube")
    before = pushing.content()
    pushing.calls()
    registry.server.kill()
    for option in ("--verify", "--push"):
        (line,) = invoke("images", option, "-e", "minikube", code=1).splitlines()
        assert "refused; start it, or make it reachable from here" in line
    assert pushing.pushes() == []
    assert pushing.content() == before


def test_a_registry_with_logins(machine: Machine, logins: Path) -> None:
    """Without one it is said how to log in; the builder's own is used, and written nowhere."""
    machine.install("docker")
    with registry_server(logins, login=True) as server:
        set_registry(machine.root, server.registry)
        invoke("images", "--build")
        said = invoke("images", "--verify", "-e", "minikube", code=1)
        assert f"HTTP 401 without a login; log in: `docker login {server.host}`, or `buildah login" in said
        login = base64.b64encode(":".join(LOGIN).encode()).decode()
        (logins / "config.json").write_text(json.dumps({"auths": {server.host: {"auth": login}}}))
        invoke("images", "--push", "-e", "minikube")
        assert findings(code=0) == []
    assert [path for path, text in texts_of(machine.root).items() if login in text] == []


def texts_of(root: Path) -> dict[str, str]:
    """What a push may have written."""
    return {name: (root / name).read_text() for name in ("images.yaml", "chatdb.yaml")} | texts(root / "overlays")


def test_environments_have_digests_of_their_own(pushing: Machine, registry: RegistryServer) -> None:
    """By their registries; where two share one, they share them. Without -e they are listed."""
    invoke("new-environment", "staging", "--like", "minikube")
    set_registry(pushing.root, f"{registry.registry}/staging", "staging")
    assert "choose one of them with -e: minikube, staging" in invoke("images", "--build", "--push", code=2)
    assert pushing.calls() == []
    invoke("images", "--build", "--push", "-e", "staging")
    assert list(pushing.content()["registries"]) == [f"{registry.registry}/staging"]
    assert all("/staging/" in image and "@sha256:" in image for image in references("staging").values())
    assert [image for image in references().values() if "@" in image] == []
    of_staging = references("staging")
    invoke("images", "--push", "-e", "minikube")
    assert list(pushing.content()["registries"]) == [registry.registry, f"{registry.registry}/staging"]
    assert references("staging") == of_staging
    set_registry(pushing.root, f"{registry.registry}/staging")
    assert references() == of_staging


def test_an_environment_without_a_registry(machine: Machine) -> None:
    """It is said before anything is built; the list is as without -e."""
    machine.install("docker")
    for options in (("--build", "--push"), ("--push",), ("--verify",)):
        (line,) = invoke("images", *options, "-e", "minikube", code=1).splitlines()
        assert line.startswith(
            "chatdb.yaml: environment minikube has no registry; add one below environments: minikube"
        )
    assert machine.calls() == []
    assert references()["ml-engine"].startswith("chatdb/ml-engine:")


def test_a_scaffolded_service_is_left_out(pushing: Machine) -> None:
    """An image whose Dockerfile is not written yet is not pushed, and is missing in the registry."""
    (pushing.root / "services/query-parser/Dockerfile").unlink()
    invoke("images", "--build", "--push", "-e", "minikube")
    assert len(pushing.pushes()) == BUILT - 1
    (said,) = findings()
    assert "/query-parser:" in said
    assert ": was never pushed" in said
