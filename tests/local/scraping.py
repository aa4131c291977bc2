"""A real Prometheus, configured by dist/, beside the real services."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from chatdb.local.platform import Platform
from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from tests.local.clients import SECONDS
from tests.local.test_contract import SERVICES, annotations
from tests.repository import ROOT, manifests

CONFIGS = {m["metadata"]["name"]: m["data"] for m in manifests(ROOT / "dist/monitoring") if m["kind"] == "ConfigMap"}
Ask = Callable[..., Any]
"""Asks a path of the API with parameters."""


@contextmanager
def scraping(running: Platform, seconds: int = 1) -> Iterator[Ask]:
    """Its API, once every target was scraped; it asks them every so many seconds."""
    with scratch_folder() as folder:
        (folder / "alerts.yml").write_text(CONFIGS["prometheus-config"]["alerts.yml"])
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration(running, folder, seconds)))
        (port,) = free_ports(1)
        command = [str(ROOT / ".tools/bin/prometheus"), f"--config.file={folder}/prometheus.yml"]
        command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        server = Server("prometheus", command, folder / "log", {"PATH": "/usr/bin:/bin"})
        server.start()
        try:
            api = partial(asked, f"http://127.0.0.1:{port}/api/v1")
            expected = 2 * len(SERVICES)
            up = "count(up == 1)"
            wait_for("all is scraped", SECONDS, lambda: value(api, up) == expected or server.status() is not None)
            yield api
        finally:
            server.stop()


def configuration(running: Platform, folder: Path, seconds: int) -> dict[str, Any]:
    """As in dist/, relabelling too; but discovery is a list of what it would find, and addresses are local."""
    config: dict[str, Any] = yaml.safe_load(CONFIGS["prometheus-config"]["prometheus.yml"])
    config["global"] = {"scrape_interval": f"{seconds}s", "evaluation_interval": f"{seconds}s"}
    config["rule_files"] = [str(folder / "alerts.yml")]
    pods, services = config["scrape_configs"]
    del pods["kubernetes_sd_configs"]
    pods["static_configs"] = [discovered(running, name) for name in SERVICES]
    services["relabel_configs"] += [
        {
            "source_labels": ["service"],
            "regex": name,
            "target_label": "__address__",
            "replacement": running.url(name).removeprefix("http://"),
        }
        for name in SERVICES
    ]
    return config


def discovered(running: Platform, name: str) -> dict[str, Any]:
    """A pod of the service, as Kubernetes would describe it."""
    host, _, port = running.url(name).removeprefix("http://").partition(":")
    pod_annotations = annotations(name) | {"prometheus.io/port": port}
    labels = {
        f"__meta_kubernetes_pod_annotation_{re.sub('[./]', '_', key)}": value for key, value in pod_annotations.items()
    }
    meta = {"__meta_kubernetes_pod_label_app": name, "__meta_kubernetes_pod_name": f"{name}-0"}
    meta["__meta_kubernetes_pod_ip"] = host
    return {"targets": [host], "labels": labels | meta}


def asked(api: str, path: str, **parameters: str) -> Any:
    """Data of an answer; None where it does not answer yet, or is not ready to."""
    url = f"{api}/{path}?{urllib.parse.urlencode(parameters, doseq=True)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            return None
        raise AssertionError(f"{parameters}: {error.read().decode()}") from error
    except urllib.error.URLError:
        return None


def value(api: Ask, query: str) -> float:
    """The only figure of a query; 0 without any."""
    answer = api("query", query=query)
    return float(answer["result"][0]["value"][1]) if answer and answer["result"] else 0.0
