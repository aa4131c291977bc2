"""A real browser, driven over WebDriver by Debian's chromium-driver: what a person would see."""

import base64
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for
from chatdb.local.site import HOST

PROGRAMS = ("chromium", "chromedriver")
ROOT = Path(__file__).resolve().parents[1]
AUDIT = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "node_modules/axe-core/axe.min.js", ROOT / "tools/audit.js")
)
SECONDS = 180
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, "")}
"""Their codes, and what they type."""
OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
"""Without a sandbox, as root has none: it is shown pages of this machine only."""


def missing() -> list[str]:
    """What of it is not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@dataclass(frozen=True)
class Browser:
    """One window."""

    session: str

    def show(self, url: str, *, width: int, height: int = 900, dark: bool = False, scripts: bool = True) -> None:
        """Open a page as a window of that size, with that taste in colours, and with or without JavaScript, has it."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", size)
        self.prefer(**{"prefers-color-scheme": "dark" if dark else "light"})
        self._devtools("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self._ask("POST", "/url", {"url": url})

    def prefer(self, **features: str) -> None:
        """Have these preferences, by the names of CSS, and no others."""
        every = [{"name": name, "value": value} for name, value in features.items()]
        self._devtools("Emulation.setEmulatedMedia", {"features": every})

    def press(self, key: str) -> None:
        """Press a key, and let go of it: one of KEYS."""
        code, text = KEYS[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self._devtools("Input.dispatchKeyEvent", {"type": "keyDown" if text else "rawKeyDown", **event})
        self._devtools("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def point(self, x: float, y: float) -> None:
        """Move the pointer there."""
        self._devtools("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives on the page, as a debugger has it: also where pages have no JavaScript."""
        parameters = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        reply = self._devtools("Runtime.evaluate", parameters)
        if "exceptionDetails" in reply:
            raise RuntimeError(json.dumps(reply["exceptionDetails"])[:1000])
        return reply["result"].get("value")

    def audit(self) -> list[str]:
        """What hinders a reader, each as `rule: what`: axe-core's rules, broken-word and too-wide.

        Afterwards the page has JavaScript, which axe-core needs, and does not reload itself any more.
        """
        self._devtools("Emulation.setScriptExecutionDisabled", {"value": False})
        return list(self.value(AUDIT))

    def complaints(self) -> list[str]:
        """What the console says, since it was asked last."""
        return [entry["message"] for entry in self._ask("POST", "/se/log", {"type": "browser"})]

    def picture(self, path: Path) -> None:
        """All of the page, as PNG."""
        shot = self._devtools("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shot["data"]))

    def view(self, path: Path) -> None:
        """What is in the window, as PNG."""
        shot = self._devtools("Page.captureScreenshot", {"format": "png"})
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """All of the page on paper of size A4, as PDF."""
        sheet = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "preferCSSPageSize": True}
        return base64.b64decode(self._devtools("Page.printToPDF", sheet)["data"])

    def _devtools(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return dict(self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters}))

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return webdriver(method, self.session + path, body)


def webdriver(method: str, url: str, body: object = None) -> Any:
    """The value of an answer; RuntimeError with the driver's words."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - always http
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()[:1000]) from None


@contextmanager
def browser() -> Iterator[Browser]:
    """A window; nothing of it is left."""
    with scratch_folder() as folder:
        (port,) = free_ports(1)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
        driver = Server("chromedriver", ["chromedriver", f"--port={port}"], folder / "log", environment)
        driver.start()
        url = f"http://{HOST}:{port}"
        try:
            wait_for("the browser's driver answers", SECONDS, lambda: _ready(f"{url}/status"))
            options = {"args": [*OPTIONS, f"--user-data-dir={folder}/profile"]}
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            made = webdriver("POST", f"{url}/session", {"capabilities": {"alwaysMatch": wanted}})
            session = f"{url}/session/{made['sessionId']}"
            try:
                yield Browser(session)
            finally:
                webdriver("DELETE", session)
        finally:
            driver.stop()


def _ready(url: str) -> bool:
    try:
        return bool(webdriver("GET", url)["ready"])
    except OSError:
        return False
