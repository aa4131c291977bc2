"""The section on checks: findings first, then every rule with its reason."""

from collections import Counter

from chatdb.report.data import Report
from chatdb.report.markup import Html, count, joined, tag
from chatdb.report.parts import Column, Section, folded, paragraph, table


def section(report: Report) -> Section:
    """What `chatdb check` found in this environment."""
    by_rule = Counter(finding.rule for finding in report.findings)
    other = [rule for rule in by_rule if rule not in {one.id for one in report.rules}]
    rows = [(rule.id, _verdict(by_rule[rule.id]), rule.reason) for rule in report.rules]
    rows += [(rule, _verdict(by_rule[rule]), "a rule failed") for rule in other]
    number = count(len(report.rules), "rule")
    lead = f"{number}, {count(len(report.findings), 'finding')}." if report.findings else f"{number}, no finding."
    every = folded("All rules", table("Rules", ("rule", "result", "because"), rows))
    return Section(id="checks", title="Checks", body=joined((paragraph(lead), _findings(report), every)))


def _findings(report: Report) -> Html:
    rows = ((tag("code", one.rule), one.problem.where, one.problem.what, one.problem.fix) for one in report.findings)
    columns = (Column(title="rule"), "where", "what is wrong", "fix")
    return table("Findings", columns, rows, class_="findings") if report.findings else Html("")


def _verdict(number: int) -> Html:
    return tag("span", count(number, "finding"), class_="bad") if number else tag("span", "passed", class_="good")
