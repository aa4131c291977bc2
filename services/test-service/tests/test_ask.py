"""The page that shows the SQL of a question: what query-parser says, as a person reads it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from asking import NOWHERE, SQL, page_before, page_with, parser
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from test_page import Tags

from test_service.questions import CLAUSE, LONGEST_QUESTION, Reading

HTML = "text/html; charset=utf-8"


def shown(answer: Mapping[str, Any]) -> str:
    """The page with this answer."""
    with page_with(answer) as client:
        response = client.get("/ask", params={"question": "things"})
    assert response.status_code == 200
    return response.text


def test_form_without_a_question() -> None:
    """It says that nothing is executed, has a labelled field, and examples that are links."""
    with page_before(NOWHERE) as client:
        response = client.get("/ask")
        blank = client.get("/ask", params={"question": "  "})
    assert (response.status_code, response.headers["content-type"], blank.text) == (200, HTML, response.text)
    tags = Tags(response.text).found
    assert "<strong>Nothing is executed</strong>" in response.text
    assert response.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "script" not in [tag for tag, _ in tags]
    assert ("form", {"class": "ask", "method": "get", "action": "ask"}) in tags
    assert ("label", {"for": "question"}) in tags
    assert "ask?question=number+of+jobs+per+model" in [attributes.get("href") for _, attributes in tags]


def test_sql_with_parameters() -> None:
    """Each clause on a line, each parameter with its type and all of its digits, and the confidence rounded."""
    values = ["it's", "", 12345678901234567890, 0.8666666666666668, True, None]
    text = shown({**SQL, "parameters": values, "confidence": 0.8666666666666668, "suggestions": ["read 'a' as 'b'"]})
    assert "SELECT &#34;a&#34;\nFROM &#34;t&#34;\nWHERE &#34;b&#34; = $1</code></pre>" in text
    assert '<th scope="row"><code>$1</code></th><td>text</td>' in text
    assert "<code>it&#39;s</code>" in text
    assert '<span class="note">empty</span>' in text
    for number, kind, value in (
        (3, "whole number", "12345678901234567890"),
        (4, "number", "0.8666666666666668"),
        (5, "true or false", "true"),
        (6, "nothing", "none"),
    ):
        assert f'<code>${number}</code></th><td>{kind}</td><td class="said"><code>{value}</code></td>' in text
    assert '<data value="0.8666666666666668">0.867</data> of 1, because of what was corrected: read' in text
    assert "Examples" not in text


def test_sql_without_parameters() -> None:
    """It says so."""
    assert "It has no parameters." in shown({**SQL, "parameters": []})


def test_refusal_with_what_could_be_asked() -> None:
    """The reason, the words, the nearest question as a link, hints and examples."""
    suggestions = ["did you mean 'jobs'?", "you can ask: how many jobs & models"]
    text = shown({"error": "'jbs' cannot be read", "unresolved": ["jbs"], "suggestions": suggestions})
    assert "There is no SQL for this question: &#39;jbs&#39; cannot be read." in text
    assert "<code>jbs</code>" in text
    assert '<a href="ask?question=how+many+jobs+%26+models">how many jobs &amp; models</a>' in text
    assert "<li>did you mean &#39;jobs&#39;?</li>" in text
    assert "Examples" in text


@pytest.mark.parametrize("answer", [{**SQL, "new": {"a": 1}}, {"error": "no", "new": None}])
def test_answer_of_a_newer_parser(answer: Mapping[str, Any]) -> None:
    """What is not known is not shown, and hinders nothing."""
    assert "new" not in shown(answer).partition("<main>")[2].partition("</h2>")[2].partition("<h2>")[0]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("x" * (LONGEST_QUESTION + 1), "The question has 1001 characters. Use at most 1000 characters."),
        ("a\0b", "The question holds a NUL character. Remove it."),
    ],
)
def test_question_that_cannot_be_asked(question: str, sentence: str) -> None:
    """A 422 with a sentence, which the field names as its description; query-parser is not asked."""
    with page_before(NOWHERE) as client:
        response = client.get("/ask", params={"question": question})
    assert (response.status_code, response.headers["content-type"]) == (422, HTML)
    assert f'<p id="problem" class="bad">{sentence}</p>' in response.text
    assert 'aria-describedby="problem"' in response.text
    assert "retry-after" not in response.headers
    assert "x" * (LONGEST_QUESTION + 1) not in response.text


def test_longest_question_is_asked() -> None:
    """Characters are counted, and not bytes."""
    with page_with(SQL) as client:
        assert client.get("/ask", params={"question": "ü" * LONGEST_QUESTION}).status_code == 200


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus=alert(1) autofocus='",
    "</code></pre></main><h1>",
    "</title><script>",
    "<!--",
    "]]>",
    "{{ 7 * 7 }}{% for x in y %}",
    "&lt;b&gt;&#60;b&#62;&amp;",
    "javascript:alert(1)",
    "\u202e<b>\u2028",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
QUESTIONS = st.lists(st.one_of(TEXT, st.sampled_from(HOSTILE)), min_size=1, max_size=4).map("".join)


def echo(question: str) -> bytes:
    """A refusal for what ends with `?`, and SQL for all else; the question is everywhere in it."""
    if question.endswith("?"):
        said = {"error": question, "unresolved": [question], "suggestions": [question, f"you can ask: {question}"]}
    else:
        said = {**SQL, "sql": question, "parameters": [question], "tables": [question], "suggestions": [question]}
    return json.dumps(said).encode()


@pytest.fixture(scope="module")
def parrot() -> Iterator[TestClient]:
    """test-service before a query-parser that repeats the question in each of its fields."""
    with parser(echo) as url, page_before(url) as client:
        yield client


@pytest.mark.parametrize("ending", ["", "?"])
@given(question=QUESTIONS)
def test_what_is_said_never_becomes_markup(parrot: TestClient, ending: str, question: str) -> None:
    """The page of any question has the elements and attributes of a harmless one; the field has it as it was."""
    question = (question + ending).strip()
    if not question or question.endswith("?") != bool(ending):
        return
    pages = [parrot.get("/ask", params={"question": asked}).text for asked in (question, f"jobs{ending}")]
    tags, harmless = ([(tag, list(names)) for tag, names in Tags(page).found] for page in pages)
    assert tags == harmless
    (field,) = [names for tag, names in Tags(pages[0]).found if tag == "input"]
    assert field["value"] == question
    links = [names["href"] or "" for tag, names in Tags(pages[0]).found if tag == "a"]
    assert [link for link in links if link not in (".", "ask") and not link.startswith("ask?question=")] == []


@given(st.text(alphabet="\"' FROMWHERE$1().,a", max_size=80))
def test_lines_of_sql_change_only_space(sql: str) -> None:
    """A space between clauses becomes a line's end; what is in quotes stays."""
    lines = Reading(sql=f"SELECT {sql}").lines
    assert lines.replace("\n", " ") == f"SELECT {sql}"
    assert "\n" not in "".join(part[0] for part in CLAUSE.finditer(lines) if part[0] != " ")


def test_words_in_quotes_begin_no_line() -> None:
    """A column or a value may have the name of a clause."""
    assert Reading(sql="SELECT \"a FROM b\", ' WHERE ' FROM t LIMIT $1").lines == (
        "SELECT \"a FROM b\", ' WHERE '\nFROM t\nLIMIT $1"
    )
