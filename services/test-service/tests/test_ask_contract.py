"""The page of questions before the real query-parser."""

from collections.abc import Iterator

import contract
import pytest
from asking import page_before
from fastapi.testclient import TestClient
from serving import serving
from test_page import Tags

from query_parser import entrypoints
from query_parser.settings import Settings
from test_service.questions import EXAMPLES, LONGEST_QUESTION

REFUSED = ["delete all jobs", "what is the weather", "jobs jobs jobs", "'; DROP TABLE jobs; --"]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """test-service, and query-parser without Kafka, over HTTP."""
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:1", query_topic="queries", result_topic="query_results")
    with serving(entrypoints.build(settings)) as url, page_before(url) as page:
        yield page


def links(page: str) -> list[str]:
    """The addresses of the questions that the page offers."""
    hrefs = [attributes.get("href") or "" for _, attributes in Tags(page).found]
    return [href for href in hrefs if href.startswith("ask?")]


def test_longest_question_is_the_parsers() -> None:
    """One character more is refused by both."""
    assert entrypoints.ParseRequest.model_json_schema()["properties"]["query"]["maxLength"] == LONGEST_QUESTION


def test_answer_is_shown(client: TestClient) -> None:
    """SQL, parameters and confidence, as query-parser has them."""
    text = client.get("/ask", params={"question": "faild jobs with more than 3 attempts"}).text
    assert "\nFROM &#34;orchestrator&#34;.&#34;jobs&#34;" in text
    assert '<td>text</td><td class="said"><code>FAILED</code></td>' in text
    assert '<td>whole number</td><td class="said"><code>3</code></td>' in text
    assert '<data value="0.9">0.9</data> of 1, because of what was corrected: read &#39;faild&#39; as' in text


def test_each_example_is_answered(client: TestClient) -> None:
    """Its link leads to SQL."""
    offered = links(client.get("/ask").text)
    assert len(offered) == len(EXAMPLES)
    for link in offered:
        assert "<h2>SQL</h2>" in client.get(link).text, link


@pytest.mark.parametrize("question", REFUSED)
def test_refusal_offers_only_what_is_answered(client: TestClient, question: str) -> None:
    """A sentence that says why, and questions that each lead to SQL."""
    response = client.get("/ask", params={"question": question})
    assert response.status_code == 200
    assert "There is no SQL for this question: " in response.text
    offered = links(response.text)
    assert len(offered) >= len(EXAMPLES)
    for link in offered:
        assert "<h2>SQL</h2>" in client.get(link).text, link


def test_answers_are_as_documented(client: TestClient) -> None:
    """Whatever is asked: no error of the service, and pages for people, errors too."""
    run = client.post("/runs").json()["id"]
    seen = contract.check(client, {"run_id": run}, examples=10)
    assert seen["POST /runs"] >= {202, 422}
    assert seen["GET /runs/{run_id}"] >= {200, 404, 422}
    assert seen["GET /ask"] >= {200, 422}
