"""Kills the leader of a topic again and again, and says what came of the messages.

Usage: broker_kills.py [--kills N] [--write], with the repository in PYTHONPATH
"""

import argparse
import sys
from statistics import median

from tests.local.brokers import kill_leader, lost, messenger, three_brokers
from tests.repository import ROOT
from tools.sections import fill

PAGE = ROOT / "docs/reliability.md"
TOPIC = "queries"


def main() -> int:
    """Play, print, and fail where a message was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="how often the leader is killed")
    parser.add_argument("--write", action="store_true", help="write the sentence into docs/reliability.md")
    asked = parser.parse_args()
    with three_brokers() as brokers:
        brokers.topics((TOPIC, 1, 3))
        brokers.wait_whole(TOPIC)
        with messenger(brokers) as sender:
            seconds = []
            for number in range(asked.kills):
                killed, gap = kill_leader(brokers, sender, TOPIC)
                print(f"kill {number + 1}, of {killed.name}: {gap:.1f} s", flush=True)
                seconds.append(gap)
                killed.start()
                brokers.wait_whole(TOPIC)
        missing, handled = lost(sender), sender.handled()
        text = (
            f"{asked.kills} kills of the leader: {len(sender.sent())} messages acknowledged, {len(missing)} lost,"
            f" {len(handled) - len(set(handled))} handled twice. Without an acknowledged message: p50"
            f" {median(seconds):.1f} s, longest {max(seconds):.1f} s."
        )
    print(text)
    if asked.write:
        fill(PAGE, "brokers", text)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
