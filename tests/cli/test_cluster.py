"""`chatdb cluster`, the hosts file and the scripts, by the command lines that they run; minikube itself is not here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chatdb.cli import main
from chatdb.deploy import hosts
from chatdb.deploy.hosts import with_host
from chatdb.deploy.minikube import Host, start_line
from constructs_lib.problem import InvalidInput
from tests.cli.recorded import Recorded
from tests.repository import ROOT

GIB = 2**30
START = [
    "minikube", "start", "--profile=minikube", "--driver=docker", "--cpus=4", "--memory=8192mb", "--disk-size=20gb",
    "--kubernetes-version=v1.36.2", "--cni=calico", "--extra-config=kubelet.system-reserved=cpu=12000m,memory=24576Mi",
    "--addons=ingress,metrics-server,dashboard,storage-provisioner,default-storageclass", "--wait=all",
]  # fmt: skip
INFO = ["docker", "info", "--format", "{{.NCPU}} {{.MemTotal}}"]
SCRIPTS = {
    "setup-minikube.sh": ["cluster", "up"],
    "deploy-all.sh": ["deploy"],
    "health-check.sh": ["health"],
    "cleanup.sh": ["cleanup"],
}
ETC_HOSTS = "127.0.0.1 localhost\n# chatdb.local is ours\n::1 localhost"


@pytest.fixture
def programs(tmp_path: Path) -> Recorded:
    """A machine of 16 cores and 32 GiB, with docker and minikube."""
    made = Recorded(tmp_path, sys.executable)
    made.add("docker", prints=f"16 {32 * GIB}")
    made.add("minikube", prints="192.0.2.2")
    return made


def run(programs: Recorded, *arguments: str, answer: str | None = None) -> Result:
    """The command with these programs alone."""
    return CliRunner().invoke(main, ["cluster", *arguments], input=answer, env={"PATH": programs.path})


def test_up(programs: Recorded) -> None:
    """Docker is asked for its size, and minikube is started as large as the capacity check says; twice is harmless."""
    for _ in range(2):
        result = run(programs, "up")
        assert result.exit_code == 0, result.output
    assert programs.calls == [INFO, START, INFO, START]


def test_up_dry_run(programs: Recorded) -> None:
    """The exact line is printed, and nothing is started."""
    result = run(programs, "up", "--dry-run", "--kubernetes-version=v1.35.0")
    assert result.output == " ".join(START).replace("v1.36.2", "v1.35.0") + "\n"
    assert programs.calls == [INFO]


def test_reserved_is_what_is_beyond_the_machine() -> None:
    """Nothing on a host of just that size; on another, only what it has more of."""
    assert not [part for part in start_line(Host(4, 8 * GIB), "v1") if "reserved" in part]
    assert "--extra-config=kubelet.system-reserved=memory=1024Mi" in start_line(Host(4, 9 * GIB), "v1")
    assert "--extra-config=kubelet.system-reserved=cpu=1000m" in start_line(Host(5, 8 * GIB), "v1")


def test_small_host_is_refused() -> None:
    """Both shortages at once, with figures."""
    with pytest.raises(InvalidInput) as refused:
        start_line(Host(2, 4 * GIB), "v1")
    words = str(refused.value)
    assert "it has 2 CPUs, 4 are needed" in words
    assert "it has 4096 MiB, 8192 are needed" in words


def test_failure_is_said(programs: Recorded) -> None:
    """Minikube's exit code becomes advice, and no traceback."""
    programs.add("minikube", code=3)
    result = run(programs, "up")
    assert result.exit_code == 1
    assert "`minikube start` has failed, with exit code 3" in result.output


def test_docker_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Without docker, the fix."""
    result = CliRunner().invoke(main, ["cluster", "up"], env={"PATH": str(tmp_path)})
    assert result.exit_code == 1
    assert result.output == "docker: is not installed; install Docker, and start it\n"


def test_down(programs: Recorded) -> None:
    """It is stopped; deleted only after a yes."""
    assert run(programs, "down").exit_code == 0
    assert run(programs, "down", "--delete", answer="n\n").exit_code == 1
    assert run(programs, "down", "--delete", answer="y\n").exit_code == 0
    assert run(programs, "down", "--delete", "--yes").exit_code == 0
    assert run(programs, "down", "--delete", "--dry-run").output == "minikube delete --profile=minikube\n"
    stop, delete = (["minikube", word, "--profile=minikube"] for word in ("stop", "delete"))
    assert programs.calls == [stop, delete, delete]


def test_hosts_line_is_there_once() -> None:
    """However often it is written, and whatever the address was before; all other lines stay as they are."""
    once = with_host(ETC_HOSTS, "chatdb.local", "192.0.2.2")
    assert once == f"{ETC_HOSTS}\n192.0.2.2 chatdb.local # chatdb\n"
    assert with_host(once, "chatdb.local", "192.0.2.2") == once
    assert with_host(once, "chatdb.local", "192.0.2.3") == once.replace("192.0.2.2", "192.0.2.3")
    assert with_host(once, "chatdb.local", None) == f"{ETC_HOSTS}\n"
    assert with_host(ETC_HOSTS, "chatdb.local", None) == ETC_HOSTS


def test_names_beside_the_host_stay() -> None:
    """A line that gives others the same address, whoever wrote it, loses the one name and keeps its comment."""
    shared = "127.0.0.1 localhost\n192.0.2.9\tchatdb.local  other.test # mine\n"
    assert with_host(shared, "chatdb.local", None) == "127.0.0.1 localhost\n192.0.2.9 other.test # mine\n"
    without = with_host(shared, "chatdb.local", None)
    assert with_host(shared, "chatdb.local", "192.0.2.2") == f"{without}192.0.2.2 chatdb.local # chatdb\n"


def test_dry_run_says_what_becomes_of_the_hosts_file(tmp_path: Path) -> None:
    """With --hosts the commands for it are among those that are printed; without it none is."""
    for context, profile in (([], "minikube"), (["--context=mine"], "mine")):
        lines = dry_run(tmp_path, "deploy", "--hosts", *context)
        assert lines[-3:] == [
            "# chatdb.local is written with the address that this says, by sudo where /etc/hosts is another's:",
            f"minikube ip --profile={profile}",
            "sudo tee /etc/hosts",
        ]
    assert dry_run(tmp_path, "cleanup", "--hosts")[-2:] == [
        "# chatdb.local is taken out, by sudo where /etc/hosts is another's:",
        "sudo tee /etc/hosts",
    ]
    for command in ("deploy", "cleanup"):
        assert not [line for line in dry_run(tmp_path, command) if "hosts" in line]


def dry_run(folder: Path, *arguments: str) -> list[str]:
    """What is printed where neither a program nor a kubeconfig is to be had."""
    environment = {"PATH": str(folder), "KUBECONFIG": str(folder / "none")}
    done = CliRunner().invoke(main, [*arguments, "-e", "minikube", "--dry-run"], env=environment)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_hosts_file_of_our_own_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sudo where it is not needed, and nothing is written where nothing changes."""
    path = tmp_path / "hosts"
    path.write_text(ETC_HOSTS)
    monkeypatch.setattr(hosts, "HOSTS", path)
    assert hosts.write("chatdb.local", "192.0.2.2")
    written = path.stat().st_mtime_ns
    assert not hosts.write("chatdb.local", "192.0.2.2")
    assert path.stat().st_mtime_ns == written
    assert hosts.write("chatdb.local", None)
    assert path.read_text() == f"{ETC_HOSTS}\n"


def test_hosts_file_of_root_is_written_by_sudo(
    tmp_path: Path, programs: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sudo tee gets the whole new text."""
    path = tmp_path / "hosts"
    path.write_text(ETC_HOSTS)
    programs.add("sudo", reads=True)
    monkeypatch.setattr(hosts, "HOSTS", path)
    access = os.access
    monkeypatch.setattr(os, "access", lambda one, mode, **more: one != path and access(one, mode, **more))
    monkeypatch.setenv("PATH", programs.path)
    assert hosts.write("chatdb.local", "192.0.2.2")
    assert programs.calls == [["sudo", "tee", str(path)]]
    assert programs.inputs == [with_host(ETC_HOSTS, "chatdb.local", "192.0.2.2")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_is_a_thin_door(tmp_path: Path, name: str) -> None:
    """From any folder it installs what is missing, and gives all its options to the command."""
    programs = Recorded(tmp_path, sys.executable)
    programs.add("make")
    own = tmp_path / "repository/.venv/bin"
    own.mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", tmp_path / "repository/scripts")
    command = Recorded(own, sys.executable)
    command.add("chatdb", code=7)
    line = [str(tmp_path / "repository/scripts" / name), "--dry-run", "two words"]
    done = subprocess.run(line, cwd="/", env={"PATH": programs.path}, timeout=60, check=False)
    assert done.returncode == 7
    assert programs.calls == [["make", "--silent", "setup-synth"]]
    assert command.calls == [["chatdb", *SCRIPTS[name], "--dry-run", "two words"]]
