"""Prometheus accepts the arguments and the configuration of dist/ without a warning."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from chatdb.local.processes import Server, free_ports, wait_for
from tests.local.scraping import CONFIGS
from tests.repository import NOT_RUN, ROOT, manifests

SECONDS = 60
READY = "Server is ready to receive web requests"
PROGRAM = ROOT / ".tools/bin/prometheus"
ARGUMENTS: list[str] = next(
    manifest["spec"]["template"]["spec"]["containers"][0]["args"]
    for manifest in manifests(ROOT / "dist/monitoring")
    if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == "prometheus"
)
OPTION = re.compile(r"^  (?:-\w, |    )(--[^\s=]+)", re.MULTILINE)
"""How the help of Prometheus begins the description of an option."""


@pytest.fixture(scope="module", autouse=True)
def prometheus_installed() -> None:
    """It comes with what the platform needs."""
    if not PROGRAM.exists():
        pytest.skip(f"{NOT_RUN}Prometheus is not here: make setup-local")


def started(folder: Path) -> str:
    """The log of a Prometheus with these arguments until it is ready; it has nothing to scrape."""
    config = yaml.safe_load(CONFIGS["prometheus-config"]["prometheus.yml"]) | {"scrape_configs": []}
    files = CONFIGS["prometheus-config"] | {"prometheus.yml": yaml.safe_dump(config)}
    for name, text in files.items():
        (folder / name).write_text(text.replace("/etc/prometheus", str(folder)))
    (port,) = free_ports(1)
    arguments = [re.sub("=/(?:etc/)?prometheus", f"={folder}", argument) for argument in ARGUMENTS]
    command = [str(PROGRAM), *arguments, f"--web.listen-address=127.0.0.1:{port}"]
    server = Server("prometheus", command, folder / "log", {"PATH": "/usr/bin:/bin"})
    server.start()
    try:
        wait_for("Prometheus is ready", SECONDS, lambda: READY in server.last_lines(100))
    finally:
        server.stop()
    return server.last_lines(100)


def test_start_has_no_warning(tmp_path: Path) -> None:
    """A start with the rendered arguments logs no warning and no error; retention and reload are in force."""
    log = started(tmp_path)
    assert [line for line in log.splitlines() if "level=INFO" not in line] == []
    assert 'msg="TSDB retention updated" duration=15d size=700MiB' in log
    assert 'msg="Automatic configuration file reloading enabled"' in log


def test_no_option_is_deprecated() -> None:
    """Prometheus logs no warning for some deprecated options: its help marks them, and none of them is rendered."""
    done = subprocess.run([str(PROGRAM), "--help"], capture_output=True, text=True, timeout=SECONDS, check=True)
    _, *parts = OPTION.split((done.stdout + done.stderr).replace("--[no-]", "--"))
    described = dict(zip(parts[::2], parts[1::2], strict=True))
    used = [argument.partition("=")[0] for argument in ARGUMENTS]
    assert [name for name in used if "DEPRECATED" in described[name]] == []
