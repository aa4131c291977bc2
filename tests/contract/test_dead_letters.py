"""Services send to the dead-letter topics that the catalogue declares."""

import yaml

from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from tests.contract.sources import assigned
from tests.repository import ROOT

SOURCE = "services/common/chatdb_common/dead_letters.py"
ALERTS = "catalogue/files/prometheus/alerts.yml"


def test_suffix() -> None:
    """The services' suffix is the catalogue's."""
    own = assigned(SOURCE, "DEAD_LETTER_SUFFIX")
    assert own == DEAD_LETTER_SUFFIX, f"{SOURCE} has {own!r}, the catalogue's topics.py has {DEAD_LETTER_SUFFIX!r}"


def test_alert_names_the_topic() -> None:
    """The alert on dead letters names the topic with the catalogue's suffix."""
    rules = [rule for group in yaml.safe_load((ROOT / ALERTS).read_text())["groups"] for rule in group["rules"]]
    (summary,) = [rule["annotations"]["summary"] for rule in rules if 'outcome="dead_letter"' in str(rule.get("expr"))]
    wanted = "{{ $labels.topic }}" + DEAD_LETTER_SUFFIX
    assert summary.endswith(wanted), f"{ALERTS} says {summary!r}, by the catalogue's topics.py it ends with {wanted!r}"
