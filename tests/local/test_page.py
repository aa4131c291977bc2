"""The pages of test-service in a real browser: on a phone and a desk, light and dark, with and without JavaScript."""

import re
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

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


def text_of(window: Browser, url: str, *, status: int = 200) -> str:
    """What can be read, once nothing hinders the reader whatever the window is like; the console names an error."""
    texts = set()
    for width in (PHONE, DESK):
        for dark in (False, True):
            for scripts in (False, True):
                window.show(url, width=width, dark=dark, scripts=scripts)
                assert window.audit() == [], (width, dark, scripts)
                complaints = window.complaints()
                if status != 200:
                    assert f"status of {status} " in complaints.pop(), (width, dark, scripts)
                assert complaints == [], (width, dark, scripts)
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
    assert window.value("document.querySelector('form[method=post] button').innerText") == "Start a smoke run"


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
    window.value("document.querySelector('form[method=post] button').click()")
    wait_for("the run is shown", SECONDS, lambda: "Last smoke run" in window.value("document.body.innerText"))
    # axe-core is against a reload; here it ends with the run, and there is nothing to type.
    assert [one.partition(":")[0] for one in window.audit()] == ["meta-refresh"]
    window.show(url, width=PHONE, scripts=False)
    # No more is asked of the page: it follows the run itself.
    wait_for("it has passed", SECONDS, lambda: "run: passed" in window.value("document.body.innerText"))
    text = text_of(window, url)
    assert "SELECT" in text
    accuracy = next(line for line in text.splitlines() if line.startswith("accuracy"))
    assert re.fullmatch(r"accuracy\s+[01](\.\d{1,3})?(\s.*)?", accuracy)


def test_question_is_typed(running: Platform, window: Browser) -> None:
    """Without JavaScript, by keyboard alone, from the status page: SQL, its parameters, and what was corrected."""
    url = running.url("test-service")
    shows(window, url, "Ask a question")
    window.show(url, width=PHONE, scripts=False)
    window.value("document.querySelector('#question').focus()")
    assert window.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    window.value("document.activeElement.value = 'faild jobs with more than 3 attempts'")
    window.press("Enter")
    wait_for("the SQL is there", SECONDS, partial(window.value, "!!document.querySelector('pre')"))
    asked = window.value("location.href")
    assert asked == f"{url}/ask?{urlencode({'question': 'faild jobs with more than 3 attempts'})}"
    text = text_of(window, asked)
    assert "Nothing is executed" in text
    assert "Confidence: 0.9 of 1, because of what was corrected: read 'faild' as 'fail'." in text
    assert re.search(r"\$1\s+text\s+FAILED\s+\$2\s+whole number\s+3", text)


def test_question_is_refused(running: Platform, window: Browser) -> None:
    """It says why, and what is offered instead leads to SQL; a question that is too long is a sentence."""
    url = f"{running.url('test-service')}/ask"
    text = text_of(window, f"{url}?{urlencode({'question': 'delete all jobs'})}")
    assert "There is no SQL for this question: 'delete' cannot be read." in text
    window.show(f"{url}?question=delete", width=PHONE, scripts=False)
    window.value("document.querySelector('main li a').click()")
    wait_for("the SQL is there", SECONDS, partial(window.value, "!!document.querySelector('pre')"))
    long = text_of(window, f"{url}?{urlencode({'question': 'x' * 1001})}", status=422)
    assert "Use at most 1000 characters." in long


def test_public_addresses(running: Platform, window: Browser) -> None:
    """Through the ingress's rules: the page without a final slash, and the documentation of each API, whole."""
    services = routes(running.site.platform, exported(running.site))
    with door(services) as url:
        window.show(f"{url}/test", width=DESK)
        forms = window.value("[...document.querySelectorAll('form')].map(({ action }) => action)")
        assert forms == [f"{url}/test/runs", f"{url}/test/ask"]
        window.show(f"{url}/test/ask?question=all+jobs", width=DESK)
        assert "FROM" in window.value("document.body.innerText")
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
        assert "query-parser does not answer" in text_of(window, f"{url}/ask?question=all+jobs", status=503)
        store.kill()
        shows(window, url, "object store: down")
        text_of(window, url)
    finally:
        for server in (parser, store):
            server.stop()
            server.start()
    running.wait(SECONDS)
