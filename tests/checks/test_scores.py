"""The scores of `make scores`, counted on what kube-score and checkov really said of one small Deployment."""

from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_environments
from tests.repository import ROOT
from tools import scores
from tools.scores import Grade, Graded, Score, problems, score
from tools.waivers import CHECKOV, KUBE_SCORE, WAIVERS, Waiver

RECORDED = Path(__file__).parent / "recorded"
SHOP = "Deployment demo/shop"
CRITICAL = {
    "container-ephemeral-storage-request-and-limit",
    "container-image-pull-policy",
    "container-resources",
    "container-security-context-readonlyrootfilesystem",
    "container-security-context-user-group-id",
    "deployment-has-poddisruptionbudget",
    "pod-networkpolicy",
    "pod-probes",
}
WARNINGS = {"deployment-replicas", "deployment-has-host-podantiaffinity"}
DIGEST = Waiver(CHECKOV, "CKV_K8S_43", ("Deployment demo/*",), "a test's")
PULL = Waiver(CHECKOV, "CKV_K8S_15", (SHOP,), "a test's")


def rated() -> list[Graded]:
    """What kube-score said."""
    return scores.read_kube_score((RECORDED / "kube-score.json").read_text(encoding="utf-8"))


def checked(*waivers: Waiver) -> Score:
    """What checkov said, with these waivers."""
    graded = scores.read_checkov((RECORDED / "checkov.json").read_text(encoding="utf-8"))
    return score(("minikube",), 2, CHECKOV, graded, waivers)


def kube_score(grades: dict[Grade, int], *waivers: Waiver) -> Score:
    """A score of that many checks of each grade."""
    graded = [Graded(f"{grade}-{n}", SHOP, grade) for grade, count in grades.items() for n in range(count)]
    return score(("minikube",), 2, KUBE_SCORE, graded, waivers)


def test_grades_of_kube_score() -> None:
    """Every grade is read; of 30 checks, 7 were skipped and count nowhere."""
    checks = rated()
    assert len(checks) == 23
    assert {graded.check for graded in checks if graded.grade is Grade.CRITICAL} == CRITICAL
    assert {graded.check for graded in checks if graded.grade is Grade.WARNING} == WARNINGS
    assert Graded("service-type", "Service demo/shop", Grade.PASSED) in checks


def test_failures_of_checkov() -> None:
    """What failed is critical, whatever else passed."""
    assert {(graded.check, graded.where, graded.grade) for graded in checked().counted} == {
        ("CKV_K8S_15", SHOP, Grade.CRITICAL),
        ("CKV_K8S_16", SHOP, Grade.PASSED),
        ("CKV_K8S_43", SHOP, Grade.CRITICAL),
    }


def test_each_critical_check_is_named() -> None:
    """At once, with its object, the check and the fix."""
    lines = [str(problem) for problem in problems([score(("minikube",), 2, KUBE_SCORE, rated(), [])], [])]
    for check in CRITICAL | WARNINGS:
        assert [text for text in lines if text.startswith(f"{SHOP}: kube-score: {check} is")], check
    assert all("tools/waivers.py" in text for text in lines if text.startswith(SHOP))
    assert lines[0] == "environment minikube: kube-score passes 56.5 %, less than 98 %; fix what is named here"


def test_one_critical_check_fails_a_high_score() -> None:
    """999 of 1000 do not buy one off."""
    (problem,) = problems([kube_score({Grade.PASSED: 999, Grade.CRITICAL: 1})], [])
    assert problem.what == "kube-score: critical-0 is critical (environment minikube)"


@pytest.mark.parametrize(("passed", "warnings", "fails"), [(98, 2, False), (979, 21, True), (0, 0, True)])
def test_low_percentage_fails(*, passed: int, warnings: int, fails: bool) -> None:
    """98 % is enough, 97.9 % is not, and a scanner that saw nothing passes nothing."""
    violations = list(problems([kube_score({Grade.PASSED: passed, Grade.WARNING: warnings})], []))
    assert bool(violations) is fails
    assert len(violations) == (warnings + 1 if fails else 0)


def test_unwaived_failure_fails() -> None:
    """Checkov has no percentage to spare."""
    messages = [problem.what for problem in problems([checked(DIGEST)], [DIGEST])]
    assert messages == [
        "checkov passes 50.0 %, less than 100 %",
        "checkov: CKV_K8S_15 is critical (environment minikube)",
    ]


def test_waived_check_counts_on_neither_side() -> None:
    """One check is left of three, and it passes."""
    result = checked(DIGEST, PULL)
    assert ([graded.check for graded in result.counted], result.percent) == (["CKV_K8S_16"], 100)
    assert {graded.check for graded in result.waived} == {"CKV_K8S_15", "CKV_K8S_43"}
    assert round(result.unwaived_percent, 1) == 33.3
    assert list(problems([result], [DIGEST, PULL])) == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(DIGEST, check="CKV_K8S_16"),
        replace(DIGEST, scanner=KUBE_SCORE),
        replace(DIGEST, objects=("Deployment demo/sho",)),
    ],
    ids=["a check that passes", "another scanner", "other objects"],
)
def test_unused_waiver_fails(wrong: Waiver) -> None:
    """Nobody keeps what nothing needs: a waiver covers its scanner, its check, its objects, and complaints only."""
    violations = list(problems([checked(DIGEST, PULL, wrong)], [DIGEST, PULL, wrong]))
    assert [problem.where for problem in violations] == [f"{wrong.scanner} {wrong.check}"]
    assert "remove it" in violations[0].fix


def test_each_object_of_a_waiver_has_to_need_it() -> None:
    """What was fixed in one object is not kept for the sake of another."""
    both = replace(DIGEST, objects=(SHOP, "Job demo/*"))
    (problem,) = problems([checked(both, PULL)], [both, PULL])
    assert problem.what == "its waiver for Job demo/* is not needed in any environment"


def test_waiver_of_one_combination_is_used() -> None:
    """A trait's waiver is no burden to the combinations without that trait."""
    other = Waiver(KUBE_SCORE, "critical-0", (SHOP,), "a test's")
    plain, with_trait = kube_score({Grade.PASSED: 1}, other), kube_score({Grade.PASSED: 1, Grade.CRITICAL: 1}, other)
    assert list(problems([plain, with_trait], [other])) == []
    assert len(list(problems([plain], [other]))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no JSON", "answers no JSON"),
        ('{"results": {"parsing_errors": ["all.yaml"]}}', "parsing_errors"),
        ('{"results": {"skipped_checks": [{"check_id": "CKV_K8S_16"}]}}', "skipped_checks"),
    ],
)
def test_what_checkov_did_not_check_is_an_error(text: str, message: str) -> None:
    """A manifest that it cannot read, or an annotation that waives by itself, must not look like a good score."""
    with pytest.raises(InvalidInput, match=message):
        scores.read_checkov(text)


def test_scanner_that_fails_is_no_score(tmp_path: Path) -> None:
    """One that is not there, or dies, is a problem with advice."""
    with pytest.raises(InvalidInput, match="make setup-scores"):
        scores.run(tmp_path / "kube-score", folder=tmp_path)
    with pytest.raises(InvalidInput, match="no such option"):
        scores.run(Path("/bin/sh"), "-c", "echo no such option >&2; exit 2", folder=tmp_path)


def test_percentages_are_cut() -> None:
    """A score below the limit never reads like the limit."""
    assert [scores.shown(number) for number in (97.99, 98.0, 100.0)] == ["97.9 %", "98.0 %", "100.0 %"]


def test_every_waiver_has_a_reason() -> None:
    """A sentence, not a word."""
    assert [waiver for waiver in WAIVERS if len(waiver.reason.split()) < 5] == []


@pytest.mark.parametrize("scanner", [KUBE_SCORE, CHECKOV])
def test_page_shows_each_environment(scanner: str) -> None:
    """`make scores` compares the figures; that no environment is missing is seen without the scanners."""
    text = (ROOT / scores.PAGE).read_text(encoding="utf-8")
    names = [" + ".join(scored) for scored in scores.SCORED]
    assert {one.environment for one in read_environments(ROOT, CATALOGUE)} <= set(names)
    for name in names:
        assert [line for line in text.splitlines() if line.startswith(f"| {name} |") and f"| {scanner} |" in line]
