"""A host that is behind the node, and none of its cluster: where no pod may get to unless the graph says so."""

import sys

from tests.node.images import STANDINS
from tests.node.node import Node

OUTSIDE = "203.0.113.7"
"""Of the range for documentation (RFC 5737): an address outside of the cluster."""
PORTS = (443, 5432, 8443)
HOST = """
unshare --net sh -c 'echo $$ > /run/outside; exec "$@"' sh "$@"
"""
LINK = f"""
until [ -s /run/outside ]; do sleep 0.1; done
pid=$(cat /run/outside)
ip link add outside0 type veth peer name eth0 netns "$pid"
ip address add 203.0.113.1/24 dev outside0
ip link set outside0 up
nsenter --target "$pid" --net sh -euc '
  ip address add {OUTSIDE}/24 dev eth0
  ip link set eth0 up
  ip route add default via 203.0.113.1
'
for port in {" ".join(map(str, PORTS))}; do
  timeout 10 bash -c "until (exec 3<>/dev/tcp/{OUTSIDE}/$port) 2>/dev/null; do sleep 0.1; done"
done
"""
"""A network of its own behind the node, whose ports the node reaches."""


def open_outside(node: Node) -> dict[str, tuple[int, ...]]:
    """Start it; its address, and the ports that it listens on."""
    server = [sys.executable, str(STANDINS / "listener.py"), *map(str, PORTS)]
    node.launch("outside", ["sh", "-euc", HOST, "sh", *server])
    node.run("bash", "-euc", LINK)
    return {OUTSIDE: PORTS}
