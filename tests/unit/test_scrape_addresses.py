"""Where Prometheus scrapes a pod: the relabelling of dist/, evaluated by promtool for IPv4 and IPv6."""

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.repository import ROOT, manifests

CONFIG = next(m["data"] for m in manifests(ROOT / "dist/monitoring") if m["metadata"]["name"] == "prometheus-config")
META = "__meta_kubernetes_pod_"
PATIENCE = (1, 5, 25)
"""Seconds that promtool waits for targets: it always waits so long, and the first are enough but on a busy machine."""


def pod(address: str, container: str, port: str | None) -> dict[str, Any]:
    """A target, as the discovery of pods names it: `container` is the address and the port of one of its containers."""
    labels = {f"{META}ip": address, f"{META}annotation_prometheus_io_scrape": "true", f"{META}name": container}
    if port is not None:
        labels[f"{META}annotation_prometheus_io_port"] = port
    return {"targets": [container], "labels": labels}


def scraped(folder: Path, targets: list[dict[str, Any]]) -> dict[str, str]:
    """Address that is discovered -> address that is scraped."""
    (folder / "targets.json").write_text(json.dumps(targets))
    config = yaml.safe_load(CONFIG["prometheus.yml"])
    (job,) = [one for one in config["scrape_configs"] if one["job_name"] == "kubernetes-pods"]
    del job["kubernetes_sd_configs"]
    job["file_sd_configs"] = [{"files": [str(folder / "targets.json")]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": [job]}))
    command = [str(ROOT / ".tools/bin/promtool"), "check", "service-discovery"]
    for seconds in PATIENCE:
        line = [*command, f"--timeout={seconds}s", str(folder / "prometheus.yml"), job["job_name"]]
        pods = json.loads(subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout) or []
        if len(pods) == len(targets):
            break
    return {one["discoveredLabels"]["__address__"]: one["labels"]["__address__"] for one in pods}


def test_addresses_of_both_families(tmp_path: Path) -> None:
    """The port of the annotation, of whichever container; IPv6 in brackets; without the annotation it is as it was."""
    assert scraped(
        tmp_path,
        [
            pod("10.244.0.7", "10.244.0.7:9000", "8000"),
            pod("10.244.0.8", "10.244.0.8", "8000"),
            pod("10.244.0.9", "10.244.0.9:9000", None),
            pod("fd00::7", "[fd00::7]:9000", "8000"),
            pod("fd00::8", "fd00::8", "8000"),
            pod("fd00:1:2:3:4:5:6:9", "[fd00:1:2:3:4:5:6:9]:9000", None),
        ],
    ) == {
        "10.244.0.7:9000": "10.244.0.7:8000",
        "10.244.0.8": "10.244.0.8:8000",
        "10.244.0.9:9000": "10.244.0.9:9000",
        "[fd00::7]:9000": "[fd00::7]:8000",
        "fd00::8": "[fd00::8]:8000",
        "[fd00:1:2:3:4:5:6:9]:9000": "[fd00:1:2:3:4:5:6:9]:9000",
    }
