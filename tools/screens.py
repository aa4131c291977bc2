"""Takes the pictures of docs/pictures with a real browser, of the platform as it runs on this machine.

Usage: screens.py [NAME ...]

Each entry of PICTURES is one file: what is done before, and how it is looked at. It starts the local platform once, and
needs what `chatdb local up` needs, and Debian's chromium and chromium-driver.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chatdb import repository
from chatdb.local.platform import Platform, platform
from chatdb.local.processes import wait_for
from tools.browser import Browser, browser, missing

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/pictures"
SECONDS = 240
PHONE, DESK = 390, 1100


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A page: `prepare` brings the platform into a state, gives its address, and is told the window."""

    prepare: Callable[[Platform, Browser], str]
    width: int = DESK
    height: int = 400
    dark: bool = False


def ask(url: str, method: str = "GET") -> dict[str, Any]:
    """JSON of an answer."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=SECONDS) as answer:  # noqa: S310
        return dict(json.load(answer))


def until(window: Browser, url: str, words: str) -> str:
    """The address, when the page has these words."""

    def there() -> bool:
        window.show(url, width=DESK)
        return words in str(window.value("document.body.innerText"))

    wait_for(words, SECONDS, there)
    return url


def a_run(running: Platform, window: Browser) -> str:
    """All is well, and a smoke run has passed."""
    url = running.url("test-service")
    until(window, url, "All services are ready.")
    ask(f"{url}/runs", "POST")
    return until(window, url, "run: passed")


def asked(running: Platform, question: str) -> str:
    """The page that answers a question."""
    return f"{running.url('test-service')}/ask?{urlencode({'question': question})}"


def a_fault(running: Platform, window: Browser) -> str:
    """A run has failed, as query-parser was gone; it is back, and the object store is down."""
    url = running.url("test-service")
    store, parser = (running.parts[name].server for name in ("minio", "query-parser"))
    parser.kill()
    ask(f"{url}/runs", "POST")
    until(window, url, "run: failed")
    parser.start()
    running.wait(SECONDS)
    store.kill()
    return until(window, url, "object store: down")


# In this order: what one does to the platform, the next one sees.
PICTURES: Mapping[str, Picture] = {
    "status-well": Picture(prepare=a_run),
    "status-phone": Picture(prepare=lambda running, _window: running.url("test-service"), width=PHONE, dark=True),
    "ask": Picture(
        prepare=lambda running, _window: asked(running, "faild jobs of model churn with more than 3 attempts")
    ),
    "ask-phone": Picture(prepare=lambda running, _window: asked(running, "delete all jobs"), width=PHONE, dark=True),
    "status-down": Picture(prepare=a_fault),
}


def take(names: Sequence[str]) -> None:
    """Each picture, after its state."""
    FOLDER.mkdir(exist_ok=True)
    with platform(repository.platform(), ROOT) as running, browser() as window:
        running.start_in_order()
        for name in names:
            one, start = PICTURES[name], time.monotonic()
            url = one.prepare(running, window)
            window.show(url, width=one.width, height=one.height, dark=one.dark)
            window.picture(FOLDER / f"{name}.png")
            print(f"docs/pictures/{name}.png after {time.monotonic() - start:.0f} s", flush=True)


def main() -> int:
    """The pictures that are named, or all."""
    names = sys.argv[1:] or list(PICTURES)
    wrong = [name for name in names if name not in PICTURES]
    if wrong or missing():
        print(f"unknown: {wrong}; known: {', '.join(PICTURES)}; not installed: {missing()}", file=sys.stderr)
        return 2
    take(names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
