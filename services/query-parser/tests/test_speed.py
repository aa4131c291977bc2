"""What a question costs: counted in calls, which are the same on a busy machine as on an idle one."""

import sys
from statistics import quantiles
from typing import Any

import pytest
from corpus_cases import SCHEMAS, Case, cases, schema_of

from query_parser.domain import grammar
from query_parser.service_layer import answer

QUESTIONS = [case for part in ("tuned", "held-out") for kind in ("answered", "refused") for case in cases(part, kind)]
ASKED_OF = {name: schema_of(name) for name in SCHEMAS}
# Of Python functions, for one question. The 99th of 100 takes 17,300; without the lookahead it was 200,000.
CALLS = 40_000


def calls(case: Case) -> int:
    """How many Python functions are called for an answer."""
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        answer(case.ask, ASKED_OF[case.schema])
    finally:
        sys.setprofile(before)
    return count


def test_question_takes_little_work() -> None:
    """Of a hundred questions of the corpus one at most takes more."""
    answer("jobs", ASKED_OF["chatdb"])  # What is made once does not count.
    assert quantiles(map(calls, QUESTIONS), n=100)[98] < CALLS


def test_lookahead_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lark as it is, which predicts all rules at every word, comes to the same answers and the same reasons."""
    answers = [answer(case.ask, ASKED_OF[case.schema]) for case in QUESTIONS]
    monkeypatch.setattr(grammar, "Lookahead", lambda predictions: predictions)
    grammar.parser.cache_clear()
    try:
        assert [answer(case.ask, ASKED_OF[case.schema]) for case in QUESTIONS] == answers
    finally:
        grammar.parser.cache_clear()


def test_no_rule_can_be_empty() -> None:
    """What comes next says which rules can begin only as long as each of them begins with something."""
    assert all(rule.expansion for rule in grammar.parser().rules)
