#!/usr/bin/python3
"""chaoskube: each interval one pod that is old enough is deleted, or, without --no-dry-run, only named.

Takes the flags of chaoskube that the platform sets, and refuses others.
"""

import argparse
import datetime as dt
import json
import os
import random
import re
import signal
import ssl
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
UNITS = {"h": 3600, "m": 60, "s": 1}
COUNT = {"terminated": 0}


def seconds(text: str) -> int:
    """Of a duration as Go writes it."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text))


def options(arguments: list[str]) -> argparse.Namespace:
    """What the command line asks for; chaoskube's own defaults."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--namespaces", required=True)
    parser.add_argument("--client-namespace-scope", required=True)
    parser.add_argument("--interval", type=seconds, default=600)
    parser.add_argument("--minimum-age", type=seconds, default=0)
    parser.add_argument("--metrics-address", default=":8080")
    parser.add_argument("--dry-run", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args(arguments)


def call(method: str, path: str) -> Any:
    """Ask the API server as the pod's account."""
    server = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"}
    request = urllib.request.Request(server + path, method=method, headers=headers)
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
        return json.load(answer)


def victims(pods: list[dict[str, Any]], minimum_age: int, now: dt.datetime) -> list[str]:
    """Names of the running pods that are old enough."""
    running = [pod for pod in pods if pod["status"]["phase"] == "Running"]
    created = {
        pod["metadata"]["name"]: dt.datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) for pod in running
    }
    return sorted(name for name, since in created.items() if (now - since).total_seconds() >= minimum_age)


def strike(chosen: argparse.Namespace) -> None:
    """Take one."""
    path = f"/api/v1/namespaces/{chosen.namespaces}/pods"
    names = victims(call("GET", path)["items"], chosen.minimum_age, dt.datetime.now(dt.UTC))
    if not names:
        print("no victim found", flush=True)
        return
    name = random.choice(names)
    print(f"terminating pod {name} dry_run={chosen.dry_run}", flush=True)
    if not chosen.dry_run:
        call("DELETE", f"{path}/{name}")
        COUNT["terminated"] += 1


def work(chosen: argparse.Namespace) -> None:
    """One after the other, for ever."""
    while True:
        try:
            strike(chosen)
        except OSError as error:
            print(f"failed: {error}", file=sys.stderr, flush=True)
        time.sleep(chosen.interval)


class Handler(BaseHTTPRequestHandler):
    """Health and metrics."""

    def do_GET(self) -> None:
        """Both are short."""
        lines = {"/healthz": "OK", "/metrics": f"chaoskube_pods_deleted_total {COUNT['terminated']}\n"}
        text = lines.get(self.path, "").encode()
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


if __name__ == "__main__":
    # The first process of a container ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    CHOSEN = options(sys.argv[1:])
    threading.Thread(target=work, args=(CHOSEN,), daemon=True).start()
    ADDRESS, _, PORT = CHOSEN.metrics_address.rpartition(":")
    ThreadingHTTPServer((ADDRESS or "0.0.0.0", int(PORT)), Handler).serve_forever()
