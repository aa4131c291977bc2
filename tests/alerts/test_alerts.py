"""Every alert fires when it should and at no other time, and each of its numbers and conditions is needed for that."""

import copy
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository import ROOT, manifests

SECONDS = 60
FOLDER = Path(__file__).parent
TESTS = ("fires.yml", "quiet.yml")
COMPARISON = re.compile(r"(?P<sign>==|>) (?P<number>[\d.]+)(?P<guard>\))?")
MATCHER = re.compile(r'\w+(?:=~|!~|=)"[^"]*",?')
TIME = re.compile(r"(\d+)m")


def deployed() -> dict[str, Any]:
    """The rules as Prometheus gets them."""
    data = next(m["data"] for m in manifests() if m["metadata"]["name"] == "prometheus-config")
    rules: dict[str, Any] = yaml.safe_load(data["alerts.yml"])
    return rules


RULES = deployed()
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}


def complaints(rules: dict[str, Any], folder: Path) -> str:
    """What promtool's own test run says of the rules; nothing where all is as expected."""
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
    for name in TESTS:
        shutil.copy(FOLDER / name, folder)
    line = [str(ROOT / ".tools/bin/promtool"), "test", "rules", *TESTS]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def mutants(alert: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is changed, and the alert with it: another threshold, another time, a condition less."""
    rule = ALERTS[alert]
    expr = rule["expr"]
    for match in COMPARISON.finditer(expr):
        for new in _other(match):
            yield f"{match[0]} is {new}", rule | {"expr": expr[: match.start()] + new + expr[match.end() :]}
    for match in MATCHER.finditer(expr):
        yield f"without {match[0]}", rule | {"expr": expr[: match.start()] + expr[match.end() :]}
    if "for" in rule:
        minutes = TIME.fullmatch(rule["for"])
        assert minutes
        yield "at once", rule | {"for": "0s"}
        yield "after twice the time", rule | {"for": f"{2 * int(minutes[1])}m"}


def _other(match: re.Match[str]) -> list[str]:
    number = float(match["number"])
    if match["guard"]:
        # "> 0)": what is 0 is not there.
        return [">= 0)"]
    return [f"{match['sign']} {other}" for other in ((2 * number, number / 2) if number else (10,))]


CASES = [(alert, change, rule) for alert in ALERTS for change, rule in mutants(alert)]


def test_alerts(tmp_path: Path) -> None:
    """All of them fire in fires.yml, with their labels and texts, and none in quiet.yml."""
    assert complaints(RULES, tmp_path) == ""


@pytest.mark.parametrize("name", TESTS)
def test_no_alert_is_left_out(name: str) -> None:
    """A new alert needs both."""
    tests = yaml.safe_load((FOLDER / name).read_text())["tests"]
    assert {case["alertname"] for test in tests for case in test["alert_rule_test"]} == set(ALERTS)


@pytest.mark.parametrize(("alert", "change", "rule"), CASES, ids=[f"{alert} {change}" for alert, change, _ in CASES])
def test_changed_alert_is_noticed(tmp_path: Path, alert: str, change: str, rule: dict[str, Any]) -> None:
    """Promtool complains of that alert."""
    changed = copy.deepcopy(RULES)
    for group in changed["groups"]:
        group["rules"] = [rule if old["alert"] == alert else old for old in group["rules"]]
    assert f"alertname: {alert}," in complaints(changed, tmp_path)


def test_runbooks() -> None:
    """Each alert has its page to read, where its annotation says, and there is none for an alert that is gone."""
    text = (ROOT / "docs/runbooks.md").read_text()
    heads = re.findall(r"^### (\w+)$", text, re.MULTILINE)
    assert sorted(heads) == sorted(ALERTS)
    for alert, rule in ALERTS.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{alert.lower()}"
        assert rule["labels"]["severity"] in ("critical", "warning")
