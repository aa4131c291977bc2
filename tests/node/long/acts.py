"""What is done to the platform on a node, and to the node."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from chatdb.local.processes import wait_for
from tests.e2e.cluster import NODE
from tests.node.deployed import Deployed
from tests.node.smoke import RECOVERING, pods_of
from tests.node.traffic import container_id, first_processes

EVICTING = 300
UPLOADING = 300
SETTLING = 60
DROP = """
set -e; what=$1; shift
for address in "$@"; do
  iptables --wait -t raw "$what" PREROUTING -d "$address" -j DROP
  iptables --wait -t raw "$what" PREROUTING -s "$address" -j DROP
done
"""
UPLOAD = """
mapfile -d '' -t variables < "/proc/$1/environ"
exec nsenter --target "$1" --mount --net env -i "${variables[@]}" python -c "${@:2}"
"""
"""With a container's files, network and variables, but not in its memory."""
UPLOADER = """
import os, random, sys, boto3
name, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = ",".join(["target", *(f"c{number}" for number in range(columns - 1))])
values = [f"{number / 1000:.3f}" for number in range(1000)]
lines = (",".join(random.choices(values, k=columns)) for _ in range(rows))
body = "\\n".join([names, *lines]).encode()
boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"]).put_object(Bucket="datasets", Key=f"{name}.csv", Body=body)
print(len(body))
"""


def delete_pods(deployed: Deployed, component: str) -> None:
    """Delete all pods of a component, and wait until they are gone."""
    pods = pods_of(deployed, component)
    before = {one["metadata"]["uid"] for one in pods}
    for one in pods:
        deployed.api.delete(deployed.api.of(one))
    wait_for(
        f"the pods of {component} are gone",
        RECOVERING,
        lambda: not before & {one["metadata"]["uid"] for one in pods_of(deployed, component)},
    )


def started(deployed: Deployed) -> set[str]:
    """The ids of all containers that run."""
    running = [one for one in deployed.pods() if one["status"]["phase"] == "Running"]
    every = [status for one in running for status in one["status"]["containerStatuses"]]
    return {status["containerID"] for status in every if "running" in status["state"]}


@contextmanager
def dropped(deployed: Deployed, component: str) -> Iterator[None]:
    """All packets from and to its pods are dropped: nothing is refused."""
    addresses = [one["status"]["podIP"] for one in pods_of(deployed, component)]
    deployed.place.run(DROP, "-I", *addresses)
    try:
        yield
    finally:
        deployed.place.run(DROP, "-D", *addresses)


def upload_data(deployed: Deployed, name: str, rows: int, columns: int) -> int:
    """A data set of random numbers in the object store; its size in bytes."""
    (pod,) = pods_of(deployed, "ml-engine")
    identifier = container_id(pod)
    pid = first_processes(deployed.place, [identifier])[identifier]
    return int(deployed.place.run(UPLOAD, pid, UPLOADER, name, str(rows), str(columns), seconds=UPLOADING))


def drain(deployed: Deployed) -> None:
    """Evict all pods of the platform, as `kubectl drain` does, and let them come back."""
    kubectl = ["drain", NODE, "--delete-emptydir-data", "--ignore-daemonsets", "--force", f"--timeout={EVICTING}s"]
    deployed.kubectl(*kubectl, "--pod-selector=app.kubernetes.io/part-of=chatdb")
    deployed.kubectl("uncordon", NODE)


def reboot(deployed: Deployed) -> None:
    """Kill all that runs on the node but its control plane; containerd and kubelet start again."""
    running = deployed.place.node
    assert running is not None
    before = started(deployed)
    running.reboot()
    wait_for("containers are new ones", RECOVERING, lambda: not before & started(deployed))


def configure_argo_cd(deployed: Deployed, interval: int, jitter: int) -> None:
    """Give Argo CD these seconds, and start the parts that read them."""
    api = deployed.api
    data = {"timeout.reconciliation": f"{interval}s", "timeout.reconciliation.jitter": f"{jitter}s"}
    api.patch(api.path("v1", "ConfigMap", "argocd", "argocd-cm"), {"data": data})
    parts = (("StatefulSet", "argocd-application-controller"), ("Deployment", "argocd-repo-server"))
    for kind, name in parts:
        deployed.kubectl("rollout", "restart", "-n", "argocd", f"{kind}/{name}")
    for kind, name in parts:
        deployed.kubectl("rollout", "status", "-n", "argocd", f"{kind}/{name}", f"--timeout={RECOVERING}s")
    time.sleep(SETTLING)
