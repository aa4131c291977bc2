"""What a report is made of, and that no text of a catalogue breaks its page."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from catalogue.components import CATALOGUE
from chatdb.explain.model import Variable
from chatdb.report.data import Commit, Report, collect
from chatdb.report.markup import Html, embedded, tag
from chatdb.report.outages import outages
from chatdb.report.page import page
from chatdb.report.parts import MOST_NAMES, Section, names
from chatdb.report.supply import section as images_section
from chatdb.report.traffic import flows
from chatdb.repository import platform_of
from constructs_lib.checks.capacity import amount, lines
from constructs_lib.checks.model import Finding, Inputs
from constructs_lib.checks.render import inputs
from constructs_lib.problem import Problem
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT

MADE = datetime(2026, 11, 29, 12, tzinfo=UTC)
ENVIRONMENTS = ("minikube", "production")
NASTY = """</script><script>alert(1)</script> "quoted" 'single' & <b> --> ]]>"""


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """One of each environment."""
    return {name: collect(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, name), MADE) for name in ENVIRONMENTS}


@pytest.fixture(params=ENVIRONMENTS)
def report(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    """That of an environment."""
    return reports[request.param]


@pytest.fixture(scope="module")
def everything() -> dict[str, Inputs]:
    """What each environment renders."""
    return {name: inputs(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, name)) for name in ENVIRONMENTS}


class Reader(HTMLParser):
    """Checks that elements are closed in turn; notes ids, links and words."""

    def __init__(self, text: str) -> None:
        """Read it all."""
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given["href"])[1:]] if "href" in given else []
        self.scripts += tag == "script"
        if tag not in ("meta", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of SVG: it has no contents."""

    def handle_endtag(self, tag: str) -> None:
        """It has to be the one that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text that is read."""
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words += data


def test_markup_is_escaped_once() -> None:
    """Texts and values of attributes are, what is markup already is not."""
    inner = tag("b", NASTY, title='a "b"')
    assert tag("p", inner, None, 3) == Html(f"<p>{inner}3</p>")
    assert inner.startswith('<b title="a &quot;b&quot;">&lt;/script&gt;')
    assert tag("path", d="M0", class_=None) == '<path d="M0"/>'


@pytest.mark.parametrize("value", [NASTY, "<!--<script", "\u2028"])
def test_data_stays_inside_of_its_element(value: str) -> None:
    """Nothing in it ends the element, or begins a comment."""
    assert re.search("[<>&\u2028]", embedded([value])) is None


def test_page_is_well_formed(report: Report) -> None:
    """Every element is closed, every id is there once, and every link leads somewhere."""
    reader = Reader(page(report))
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.links) <= {*reader.ids}
    assert {f"c-{one.name}" for one in report.explanations} <= {*reader.links}


def nasty(report: Report) -> Report:
    """The report with that text wherever a catalogue or a file may bring one."""
    first, *others = report.explanations
    changed = replace(
        first, type=NASTY, image=NASTY, files=(NASTY,), variables=(Variable(name="A", value=NASTY, origin=NASTY),)
    )
    image = replace(report.images[0], image=NASTY, source=NASTY)
    return replace(
        report,
        commit=Commit(id=NASTY, changed=True),
        explanations=[changed, *others],
        findings=[Finding("order", Problem(NASTY, NASTY, NASTY))],
        images=[image, *report.images[1:]],
        flows=[replace(report.flows[0], policies=(NASTY,)), *report.flows[1:]],
    )


def test_no_text_breaks_the_page(report: Report) -> None:
    """As many scripts and ids as without it; it is read as it was written."""
    plain, changed = Reader(page(report)), Reader(page(nasty(report)))
    assert changed.open == []
    assert (changed.scripts, changed.ids) == (plain.scripts, plain.ids)
    assert changed.words.count(NASTY) >= 9


def test_only_its_own_script_runs(report: Report) -> None:
    """The policy names the hash of the script, and allows no other source of anything."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page(report))
    assert re.fullmatch(
        r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action"
        " 'none'",
        policy,
    )


def test_further_sections_come_first(report: Report) -> None:
    """They are in the navigation, and before the page's own."""
    text = page(report, [Section(id="plan", title="Plan <1>", body=tag("p", "2 objects change"))])
    assert '<li><a href="#plan">Plan &lt;1&gt;</a></li>' in text
    assert text.index('<section id="plan"') < text.index('<section id="order"')
    assert "2 objects change" in text


def test_capacity_is_shown(report: Report) -> None:
    """Every amount of every line, and of every tier."""
    text = page(report)
    assert report.capacity is not None
    for line in lines(report.capacity):
        numbers = (amount(line, number) for number in (line.total, line.system, line.platform))
        cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
        assert f'<th scope="row">{line.name}</th>{cells}' in text
    for tier, rest in report.capacity.steady.items():
        pods = f'<td class="number">{rest.pods}</td>' if rest.pods else ""
        assert f'<th scope="row">{tier}</th>{pods}' in text


def test_nothing_known_of_nodes(report: Report) -> None:
    """The section says how to change that."""
    text = page(replace(report, capacity=None))
    assert "name its machine or its nodes in chatdb.yaml" in text
    assert "least head-room" not in text


def test_ages_are_those_of_the_day(reports: dict[str, Report]) -> None:
    """Of what has a day; the digest is shortened."""
    report = reports["minikube"]
    first = replace(report.images[0], made="2026-11-28", known_from="git", digest="sha256:" + "a" * 64)
    body = images_section(replace(report, images=[first])).body
    assert '<td class="number">1 day</td><td>git</td>' in body
    assert f'<code title="sha256:{"a" * 64}">sha256:aaaaaaaaaaaa…</code>' in body
    unknown = images_section(replace(report, images=[replace(first, made=None, known_from=None)])).body
    assert unknown.count("unknown</span>") == 2


def test_traffic_is_that_of_the_policies(report: Report, everything: dict[str, Inputs]) -> None:
    """Each rendered policy of a connection is named, and no other; ports are those of the links."""
    rendered = everything[report.settings.environment]
    own = {policy.name for policy in rendered.of("NetworkPolicy") if "owner" in str(policy.labels)}
    named = {name for flow in report.flows for name in flow.policies}
    assert own <= named
    assert {name for name in named - own if not name.endswith("from-gateway-controller")} == set()
    ports = {
        (flow.consumer, flow.provider, int(port.partition("/")[0])) for flow in report.flows for port in flow.ports
    }
    links = {(link.consumer.name, link.provider.name, link.port.number) for link in report.platform.links}
    gateway = CATALOGUE.gateway_controller
    assert gateway is not None
    assert {one for one in ports if one[0] != gateway.name} == links
    assert any(one[0] == gateway.name for one in ports) == ("gateway-api" in report.settings.traits)


def test_what_stands_still() -> None:
    """Through others, too; who only calls goes on."""
    by_name = {one.component: one for one in outages(PLATFORM)}
    minio = by_name["minio"]
    assert minio.stops == ("ml-engine", "model-registry", "object-store-buckets", "test-service")
    assert minio.held == ("integration-tests", "ml-engine", "model-registry", "object-store-buckets", "test-service")
    assert by_name["jaeger"].stops == ()
    assert set(by_name["jaeger"].loses) >= {"grafana", "ml-engine", "test-service"}
    assert by_name["kafka-topics"].stops == ()
    assert "query-parser" in by_name["kafka-topics"].held


def test_outages_are_transitive(report: Report) -> None:
    """What depends on one that is held is held itself, and the same for what stops."""
    by_name = {one.component: one for one in report.outages}
    for outage in report.outages:
        for field in ("held", "stops"):
            reached = set(getattr(outage, field))
            assert set().union(*(getattr(by_name[name], field) for name in reached)) <= reached
            assert outage.component not in reached


def test_many_names_are_counted() -> None:
    """A cell does not grow with the platform."""
    every = [f"service-{number}" for number in range(MOST_NAMES + 5)]
    assert names(every).count("<li>") == MOST_NAMES + 1
    assert "and 5 more" in names(every)
    assert "more" not in names(every[:MOST_NAMES])


def test_tiers_that_are_left_out() -> None:
    """Production has no tests: neither the components nor their traffic, and nothing that only they use."""
    own = platform_of(PLATFORM, read_settings(ROOT, CATALOGUE, "production"))
    assert {one.tier for one in own.components} == {*read_settings(ROOT, CATALOGUE, "production").tiers}
    assert {"locust-worker", "integration-tests"} & {link.consumer.name for link in own.links} == set()
    known = {one.name for one in own.components}
    assert [one.name for one in own.components if not known.issuperset(one.after)] == []


def test_flows_are_one_for_each_pair(report: Report, everything: dict[str, Inputs]) -> None:
    """Several ports of one provider are one connection."""
    pairs = [(flow.consumer, flow.provider) for flow in flows(report.platform, everything[report.settings.environment])]
    assert pairs == sorted(set(pairs))


def test_commits(reports: dict[str, Report]) -> None:
    """Its first digits, and whether files differ from it; it may be unknown."""
    report = reports["minikube"]
    assert "no commit is known" in page(replace(report, commit=None))
    assert "with changes that are not committed" in page(replace(report, commit=Commit(id="a" * 40, changed=True)))
    clean = page(replace(report, commit=Commit(id="a" * 40, changed=False)))
    assert "commit <code>aaaaaaaaaaaa</code></span>" in clean
