"""A cluster and an Argo CD with the platform, to look at: `make cluster-up`, `make cluster-down`.

Usage: up.py start|stop [FOLDER]        (a supervisor that lives in the background: up.py serve FOLDER)

Everything is in FOLDER (.tools/run-chatdb where none is named): certificates, data, logs, the git repository that Argo
CD follows, and the clone to commit from. The supervisor holds a lock on FOLDER/supervisor, whose text is its process
id: the lock says whether it lives, however it ended, and no server outlives it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from chatdb.local.processes import wait_for
from tests.e2e.deployment import INSTALLING, Deployment
from tests.e2e.stack import FOLDERS, missing
from tests.repository import ROOT

FOLDER = ".tools/run-chatdb"
LOCK, LOG, READY = "supervisor", "log", "ready"
STOPPING = 60
PERIOD = 2
USAGE = 2


def show(path: Path) -> str:
    """The path as it is in this folder."""
    return f"$PWD/{path.relative_to(ROOT)}" if path.is_relative_to(ROOT) else str(path)


def running(folder: Path) -> int | None:
    """The process id of the supervisor that lives there."""
    path = folder / LOCK
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None


def start(folder: Path) -> int:
    """Start the supervisor, and say what Argo CD says until all of the platform is there."""
    if wanting := missing():
        return wrong(*wanting)
    if running(folder):
        return wrong(f"a cluster runs in {show(folder)} already", f"use it, or stop it:\n{usage(folder)}")
    if folder.exists() and any(folder.iterdir()) and not (folder / LOCK).exists():
        return wrong(f"{show(folder)} holds something else", "name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (folder / LOG).open("w") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.up", "serve", str(folder)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    return follow(folder, supervisor)


def follow(folder: Path, supervisor: subprocess.Popen[bytes]) -> int:
    """Print what the supervisor says until it has nothing more to say."""
    with (folder / LOG).open() as log:
        while supervisor.poll() is None and not (folder / READY).exists():
            sys.stdout.write(log.read())
            sys.stdout.flush()
            time.sleep(0.2)
        sys.stdout.write(log.read())
    if supervisor.poll() is not None:
        return wrong(f"the supervisor has ended; its log is {show(folder / LOG)}", "the end of the log says why")
    print(usage(folder))
    return 0


def usage(folder: Path) -> str:
    """What a person types next."""
    argument = "" if folder == ROOT / FOLDER else f" FOLDER={show(folder)}"
    return "\n".join(
        (
            f"  export KUBECONFIG={show(folder / 'cluster/admin.kubeconfig')} PATH={show(FOLDERS[-1] / 'bin')}:$PATH",
            "  kubectl get applications -n argocd",
            f"  cd {show(folder / 'work')}  # change an overlay, commit, `git push origin HEAD:main`, and watch",
            f"  make cluster-down{argument}",
        )
    )


def serve(folder: Path) -> int:
    """The supervisor: it starts everything, installs the platform, and waits for a signal."""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        deployment = Deployment(folder)
        try:
            print("starting Kubernetes and Argo CD", flush=True)
            deployment.start()
            print("installing the platform; states as Argo CD sees them:", flush=True)
            deployment.bootstrap()
            install(deployment)
            (folder / READY).touch()
            ended.wait()
        finally:
            deployment.stop()
    return 0


def install(deployment: Deployment) -> None:
    """Print the states as they change."""
    began, last = time.monotonic(), ""
    while not deployment.settled():
        if time.monotonic() - began > INSTALLING:
            raise TimeoutError(f"not all is up after {INSTALLING} s\n{deployment.argo_cd.states()}")
        line = brief(deployment)
        if line != last:
            print(f"{time.monotonic() - began:4.0f} s  {line}", flush=True)
            last = line
        time.sleep(0.5)
    print(f"all of it is Synced and Healthy after {time.monotonic() - began:.0f} s", flush=True)


def brief(deployment: Deployment) -> str:
    """The health of each tier, in one line."""
    applications = deployment.argo_cd.applications()
    states = []
    for tier in deployment.tiers:
        status = applications.get(f"chatdb-{tier}", {}).get("status", {})
        health = status.get("health", {}).get("status", "-")
        states.append(f"{tier} {health}")
    return ", ".join(states)


def stop(folder: Path) -> int:
    """End the supervisor, which ends all servers, and take the folder away."""
    pid = running(folder)
    if pid:
        os.kill(pid, signal.SIGTERM)
        wait_for("the supervisor ends", STOPPING, lambda: not running(folder))
    if not (folder / LOCK).exists():
        return wrong(f"no cluster in {show(folder)}", "name the folder that it was started in")
    shutil.rmtree(folder)
    print("stopped" if pid else "it ran no more; its folder is gone")
    return 0


def wrong(problem: str, fix: str) -> int:
    """Say it, and the exit code."""
    print(f"{problem}: {fix}", file=sys.stderr)
    return 1


def main(arguments: list[str]) -> int:
    """The exit code."""
    commands = {"start": start, "stop": stop, "serve": serve}
    if not 1 <= len(arguments) <= USAGE or arguments[0] not in commands:
        print("usage: up.py start|stop [FOLDER]", file=sys.stderr)
        return USAGE
    folder = Path(arguments[1]).absolute() if arguments[1:] else ROOT / FOLDER
    return commands[arguments[0]](folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
