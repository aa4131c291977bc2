"""Takes the pictures of a report in docs/pictures with a real browser.

Usage: report_pictures.py [NAME ...]; it needs Debian's chromium and chromium-driver, and no platform.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chatdb import repository
from chatdb.report.data import collect
from chatdb.report.output import write
from chatdb.report.page import page
from constructs_lib.settings import read_settings
from tools.browser import Browser, browser, missing

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/pictures"
ENVIRONMENT = "minikube"
DESK, PHONE = 1280, 390
SETTLED = "Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => true)"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A window on the report; `script` brings the page into its state."""

    width: int = DESK
    height: int = 960
    dark: bool = False
    script: str = ""


PICTURES: Mapping[str, Picture] = {
    "report": Picture(script="document.querySelector('.graph.wide [data-name=model-registry]').focus()"),
    "report-details": Picture(dark=True, script="document.querySelector('.graph.wide [data-name=kafka]').click()"),
    "report-traffic": Picture(script="document.getElementById('traffic').scrollIntoView()"),
    "report-capacity": Picture(dark=True, height=720, script="document.getElementById('capacity').scrollIntoView()"),
    "report-phone": Picture(width=PHONE, height=1400),
}


def take(window: Browser, url: str, name: str) -> Path:
    """One picture."""
    one, path = PICTURES[name], FOLDER / f"{name}.png"
    # The address twice would only scroll.
    window.show("about:blank", width=one.width)
    window.show(url, width=one.width, height=one.height, dark=one.dark)
    window.value(one.script)
    window.value(SETTLED)
    window.view(path)
    return path


def main(names: Sequence[str]) -> int:
    """The pictures that are named, or all."""
    wrong = [name for name in names if name not in PICTURES]
    if wrong or missing():
        print(f"unknown: {wrong}; known: {', '.join(PICTURES)}; not installed: {missing()}", file=sys.stderr)
        return 2
    settings = read_settings(ROOT, repository.catalogue(), ENVIRONMENT)
    text = page(collect(ROOT, repository.platform(), settings, datetime.now(UTC)))
    with tempfile.TemporaryDirectory() as folder, browser() as window:
        path = Path(folder) / "report.html"
        write(path, text)
        for name in names or PICTURES:
            picture = take(window, path.as_uri(), name)
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
