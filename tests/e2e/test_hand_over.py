"""The Applications of a live environment get other names by the steps of docs/environments.md; nothing else happens."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from chatdb.deploy.objects import Key
from tests.e2e.argo_cd import NAMESPACE
from tests.e2e.changes import changed, deleted, lost_pods
from tests.e2e.deployment import BOUND, Deployment, deployed
from tests.e2e.stack import search_path
from tests.repository import IDENTITY, ROOT

PAGE = ROOT / "docs/environments.md"
OLD, NEW, NEXT = "chatdb", "analytics", "other"
DELETING = 60


def steps() -> list[str]:
    """The commands of the page's section, as they are written."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## Renaming a live environment\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```console\n(.*?)```", section, re.DOTALL)
    return re.findall(r"^\$ (.+)$", block, re.MULTILINE)


def play(platform: Deployment, line: str) -> None:
    """Do in the clone what a person does there."""
    if line.startswith("chatdb "):
        platform.origin.run(*shlex.split(line)[1:])
        return
    env_vars = {**os.environ, **IDENTITY, "KUBECONFIG": str(platform.cluster.kubeconfig), "PATH": search_path()}
    done = subprocess.run(
        ["bash", "-c", line], cwd=platform.origin.work, env=env_vars, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def trackers(platform: Deployment) -> dict[Key, str]:
    """The Application by which each object of the platform is tracked, as it was seen last."""
    last = {event.key: event for event in platform.recorder.sorted()}
    return {key: event.owner for key, event in last.items() if event.owner and event.type != "DELETED"}


def test_hand_over(tmp_path: Path) -> None:
    """No object but Argo CD's own is deleted or changed, all are adopted; the same names by git alone uninstall it."""
    with deployed(tmp_path) as platform:
        platform.argo_cd.gate(bound=BOUND)
        held = platform.origin.release()
        platform.bootstrap(soon=True)
        platform.wait_released(held)
        platform.origin.git("config", "push.default", "current")
        before, since = trackers(platform), platform.version()
        for line in steps():
            play(platform, line)
        platform.root = NEW
        print(f"handed over in {platform.wait_released(held):.0f} s")
        _assert_handed_over(platform, before, since)
        since = platform.version()
        _rename_by_git_alone(platform)
        platform.wait("pods are deleted", DELETING, lambda: lost_pods(platform.recorder.sorted(), since))


def _assert_handed_over(platform: Deployment, before: dict[Key, str], since: int) -> None:
    names = {OLD: NEW, **{f"{OLD}-{tier}": f"{NEW}-{tier}" for tier in platform.tiers}}
    applications = platform.argo_cd.applications()
    assert applications.keys() == set(names.values())
    assert [one["status"]["conditions"] for one in applications.values() if one["status"].get("conditions")] == []
    events = platform.recorder.sorted()
    assert lost_pods(events, since) == {}
    assert changed(events, since) == set()
    assert {key[:2] for key in deleted(events, since)} == {("Application", NAMESPACE), ("ConfigMap", NAMESPACE)}
    after = trackers(platform)
    own = {key for key in before if key[1] != NAMESPACE}
    assert len(own) > 100
    assert {key: after[key] for key in own} == {key: names[before[key]] for key in own}


def _rename_by_git_alone(platform: Deployment) -> None:
    """What the refusal of other names prevents."""
    for line in steps():
        if not line.startswith("kubectl "):
            play(platform, line.replace(NEW, NEXT).replace(f" {OLD}$", f" {NEW}$"))
    platform.argo_cd.look(NEW)
