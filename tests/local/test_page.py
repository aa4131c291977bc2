"""The status page in a real browser: on a phone and a desk, light and dark, with and without JavaScript."""

from collections.abc import Iterator
from functools import partial

import pytest

from chatdb.loadtest.door import door, routes
from chatdb.local.addresses import exported
from chatdb.local.platform import Platform
from chatdb.local.processes import wait_for
from tests.local.clients import ask
from tests.repository import NOT_RUN
from tools.browser import Browser, browser, missing

PHONE, DESK = 360, 1280
SECONDS = 240


@pytest.fixture(scope="module")
def window(kafka_installed: None) -> Iterator[Browser]:
    """A browser, where there is one."""
    if missing():
        pytest.skip(f"{NOT_RUN}no {' and no '.join(missing())} here: Debian has them, apt-get install chromium-driver")
    with browser() as opened:
        yield opened


def text_of(window: Browser, url: str) -> str:
    """What can be read, once nothing hinders the reader whatever the window is like."""
    texts = set()
    for width in (PHONE, DESK):
        for dark in (False, True):
            for scripts in (False, True):
                window.show(url, width=width, dark=dark, scripts=scripts)
                assert window.audit() == [], (width, dark, scripts)
                assert window.complaints() == [], (width, dark, scripts)
                texts.add(window.value("document.body.innerText"))
    assert all(texts)
    return str(window.value("document.body.innerText"))


def shows(window: Browser, url: str, words: str) -> str:
    """Wait for the words; all that was there with them, as a busy machine may say something else a moment later."""
    text = ""

    def there() -> bool:
        nonlocal text
        window.show(url, width=DESK)
        text = window.value("document.body.innerText")
        return words in text

    wait_for(f"the page says '{words}'", SECONDS, there)
    return text


def test_all_is_well(running: Platform, window: Browser) -> None:
    """All services and what they need are there, and a button."""
    url = running.url("test-service")
    text = shows(window, url, "All services are ready.")
    text_of(window, url)
    assert all(name in text for name in ("training-orchestrator", "model-registry", "ml-engine", "query-parser"))
    assert "postgres: up" in text
    assert window.value("document.querySelector('form button').innerText") == "Start a smoke run"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("document.querySelector('main > p').style.color = '#888'", "color-contrast"),
        ("document.documentElement.lang = ''", "html-has-lang"),
        ("document.title = ''", "document-title"),
        ("document.querySelector('main').outerHTML = document.querySelector('main').innerHTML", "landmark-one-main"),
        ("document.querySelector('h1').remove()", "page-has-heading-one"),
        ("document.querySelector('button').textContent = ''", "button-name"),
        ("document.querySelector('main').append(document.createElement('input'))", "label"),
        ("document.querySelector('tbody').setAttribute('role', 'list')", "aria-required-children"),
        ("document.querySelector('.said').style = 'display: block; min-width: 0; width: 1em'", "broken-word"),
        ("document.querySelector('main').style.width = '2000px'", "too-wide"),
    ],
)
def test_each_hindrance_is_noticed(running: Platform, window: Browser, change: str, rule: str) -> None:
    """The audit names the rule that a change of the page breaks."""
    window.show(running.url("test-service"), width=DESK)
    window.value(change)
    assert rule in {one.partition(":")[0] for one in window.audit()}


def test_a_run_is_followed(running: Platform, window: Browser) -> None:
    """The button starts a run; the page shows it while it goes on, by itself, and when it has passed."""
    url = running.url("test-service")
    window.show(url, width=PHONE, scripts=False)
    window.value("document.querySelector('form button').click()")
    wait_for("the run is shown", SECONDS, lambda: "Last smoke run" in window.value("document.body.innerText"))
    # axe-core is against a reload; here it ends with the run, and there is nothing to type.
    assert [one.partition(":")[0] for one in window.audit()] == ["meta-refresh"]
    window.show(url, width=PHONE, scripts=False)
    # No more is asked of the page: it follows the run itself.
    wait_for("it has passed", SECONDS, lambda: "run: passed" in window.value("document.body.innerText"))
    assert "SELECT" in text_of(window, url)


def test_public_addresses(running: Platform, window: Browser) -> None:
    """Through the ingress's rules: the page without a final slash, and the documentation of each API, whole."""
    services = routes(running.site.platform, exported(running.site))
    with door(services) as url:
        window.show(f"{url}/test", width=DESK)
        form = window.value("document.querySelector('form').action")
        assert form == f"{url}/test/runs"
        for component, _ in services:
            assert component.route
            window.show(f"{url}{component.route.strip}/docs/{component.name}", width=DESK)
            wait_for("the operations are shown", SECONDS, partial(window.value, "!!document.querySelector('.opblock')"))
            assert window.complaints() == []


def test_what_is_down_is_told(running: Platform, window: Browser) -> None:
    """A run fails with the sentence that says where; a dependency that is down has its name, and its reason."""
    url = running.url("test-service")
    store, parser = (running.parts[name].server for name in ("minio", "query-parser"))
    parser.kill()
    try:
        ask(f"{url}/runs", method="POST")
        shows(window, url, "run: failed")
        assert "query-parser does not answer POST /parse" in text_of(window, url)
        store.kill()
        shows(window, url, "object store: down")
        text_of(window, url)
    finally:
        for server in (parser, store):
            server.stop()
            server.start()
    running.wait(SECONDS)
