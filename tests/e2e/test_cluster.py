"""The control plane comes back as one that a kubelet looks after."""

import os
import signal
from pathlib import Path

from chatdb.local.processes import wait_for
from tests.e2e.cluster import Cluster

SECONDS = 60
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "one", "namespace": "default"},
    "spec": {"containers": [{"name": "one", "image": "one"}]},
}


def child(pid: int) -> int | None:
    """What the process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(children[0]) if children else None


def test_a_scheduler_that_ends_is_started_again(tmp_path: Path) -> None:
    """It ends by itself when it has missed too much; without it no pod would find its place from then on."""
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.start()
        keeper = cluster.servers["kube-scheduler"].pid
        first = child(keeper)
        assert first
        os.kill(first, signal.SIGKILL)
        cluster.api.request("POST", "/api/v1/namespaces/default/pods", POD)
        path = cluster.api.of(POD)
        wait_for("the pod has its place", SECONDS, lambda: cluster.api.request("GET", path)["spec"].get("nodeName"))
        assert child(keeper) not in (None, first)
    finally:
        cluster.stop()
    assert not Path(f"/proc/{keeper}").exists()
