"""The report in a real browser: on a phone and a desk, light and dark, by mouse and by keyboard, and on paper."""

from collections.abc import Iterator

import pytest

from tests.command import invoke
from tests.repository import NOT_RUN
from tools.browser import Browser, browser, missing

PHONE, DESK = 390, 1280
ENVIRONMENTS = ("minikube", "production")
OPEN = "document.querySelector('dialog').open"
TITLE = "document.getElementById('detail-title').textContent"
FOCUSED = "document.activeElement.dataset.name ?? document.activeElement.textContent.trim()"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """A browser, where there is one."""
    if missing():
        pytest.skip(f"{NOT_RUN}no {' and no '.join(missing())} here: Debian has them, apt-get install chromium-driver")
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(window: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of the reports."""
    folder = tmp_path_factory.mktemp("reports")
    for name in ENVIRONMENTS:
        invoke("report", "-e", name, "-o", str(folder / f"{name}.html"))
    return {name: (folder / f"{name}.html").as_uri() for name in ENVIRONMENTS}


@pytest.fixture
def page(window: Browser, pages: dict[str, str]) -> Browser:
    """The report of minikube on a desk."""
    window.show(pages["minikube"], width=DESK)
    return window


def names(window: Browser) -> list[str]:
    """The components, in start-up order."""
    graph = "JSON.parse(document.getElementById('data').textContent).graph"
    return list(window.value(f"{graph}.components.map(one => one.name)"))


def marked(window: Browser, mark: str) -> set[str]:
    """The components of the graph that are marked so."""
    chosen = f"[...document.querySelectorAll('.graph.wide .node.{mark}')]"
    return set(window.value(f"{chosen}.map(node => node.dataset.name)"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_hinders_a_reader(
    window: Browser, pages: dict[str, str], width: int, dark: bool, environment: str
) -> None:
    """As it is opened, with everything unfolded, and with the details of a component in front."""
    window.show(pages[environment], width=width, dark=dark)
    assert window.audit() == []
    window.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert window.audit() == []
    window.value("document.querySelector('.outages th a').click()")
    assert window.value(OPEN)
    assert window.audit() == []
    assert window.complaints() == []


def test_it_is_whole_without_scripts(window: Browser, pages: dict[str, str]) -> None:
    """Every component is drawn, listed and explained; a link of the graph leads to its details, and unfolds them."""
    window.show(pages["minikube"], width=DESK, scripts=False)
    window.value("document.querySelector('.graph.wide [data-name=kafka]').dispatchEvent(new MouseEvent('click'))")
    window.show(pages["minikube"] + "#c-kafka", width=DESK, scripts=False)
    opened = window.value("[...document.querySelectorAll('.component[open]')].map(one => one.dataset.component)")
    assert opened == ["kafka"]
    assert "KAFKA_NODE_ID" in window.value("document.body.innerText")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_keyboard_reaches_and_opens_every_component(window: Browser, pages: dict[str, str], width: int) -> None:
    """Tab goes from one to the next, Enter opens its details, Escape closes them, and the focus is where it was."""
    window.show(pages["minikube"], width=width)
    left = set(names(window))
    for _ in range(len(left) + 12):
        window.press("Tab")
        name = window.value("document.activeElement.dataset.name")
        if name:
            window.press("Enter")
            assert (window.value(OPEN), window.value(TITLE)) == (True, name)
            assert window.value("document.querySelector('dialog').contains(document.activeElement)")
            window.press("Escape")
            assert (window.value(OPEN), window.value(FOCUSED)) == (False, name)
            left.remove(name)
    assert left == set()


def test_keyboard_opens_and_closes_the_list(page: Browser) -> None:
    """A component of the list is unfolded by Enter, and folded by Escape from anywhere inside of it."""
    page.value("document.querySelector('.component[data-component=minio] summary').focus()")
    page.press("Enter")
    assert page.value("document.querySelector('.component[open]').dataset.component") == "minio"
    page.press("Tab")
    assert page.value("document.activeElement.matches('.component[open] article *')")
    page.press("Escape")
    assert page.value("document.querySelector('.component[open]')") is None
    assert page.value("document.activeElement.parentElement.dataset.component") == "minio"


def test_focus_shows_what_depends_on_what(page: Browser) -> None:
    """All that is before it and all that is behind it, as the graph's data says; afterwards nothing is marked."""
    graph = page.value("JSON.parse(document.getElementById('data').textContent).graph.components")
    after = {one["name"]: set(one["after"]) for one in graph}
    page.value("document.querySelector('.graph.wide [data-name=model-registry]').focus()")
    above = set(after["model-registry"])
    while more := set().union(*(after[name] for name in above)) - above:
        above |= more
    assert marked(page, "above") == above
    assert marked(page, "below") == {"ml-engine", "test-service", "integration-tests"}
    note = page.value("document.getElementById('note').textContent")
    assert note.startswith("model-registry starts after credentials, minio, ")
    assert note.endswith("Dependents: integration-tests, ml-engine, test-service.")
    page.value("document.activeElement.blur()")
    assert marked(page, "above") | marked(page, "below") | marked(page, "self") == set()
    assert page.value("document.getElementById('note').textContent").startswith("Point at a component")


def test_pointer_shows_the_same(page: Browser) -> None:
    """While it is over a component, and no longer."""
    box = page.value(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        "(document.querySelector('.graph.wide [data-name=kafka]').getBoundingClientRect())"
    )
    page.point(*box)
    assert marked(page, "self") == {"kafka"}
    page.point(2, 2)
    assert marked(page, "self") == set()


def test_details_lead_to_others(page: Browser) -> None:
    """A link in the details shows the other component in their place; the button closes them."""
    page.value("document.querySelector('.matrix a[href=\"#c-ml-engine\"]').click()")
    page.value("document.querySelector('dialog a[href=\"#c-kafka\"]').click()")
    assert (page.value(OPEN), page.value(TITLE)) == (True, "kafka")
    assert marked(page, "self") == {"kafka"}
    assert "KAFKA_NODE_ID" in page.value("document.querySelector('dialog').innerText")
    page.value("document.querySelector('dialog button').click()")
    assert not page.value(OPEN)


def test_paper_has_everything(page: Browser) -> None:
    """All is unfolded on it, in dark ink, and folded again afterwards."""
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") > 5
    assert page.value("document.querySelectorAll('details[open]').length") == 0


def test_nothing_moves_for_who_wants_that(page: Browser) -> None:
    """No transition and no animation where less motion is preferred."""
    moving = (
        "[...document.querySelectorAll('*')].filter(one => {"
        " const style = getComputedStyle(one);"
        " return style.transitionDuration !== '0s' || style.animationName !== 'none' }).length"
    )
    page.value("document.querySelector('.graph.wide [data-name=kafka]').dispatchEvent(new Event('click'))")
    assert page.value(moving) > 0
    page.prefer(**{"prefers-reduced-motion": "reduce"})
    assert page.value(moving) == 0
