"""Which conditions can stand side by side; where words belong together, or might, they are not read apart."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node, tokens, trees

WHOLES = {"entity", "post", "bare", "where", "of_entity", "disjunction", "conjunction"}
# What stands between two conditions: nothing, a word, "and" or "or".
JOINED = {"disjunction": "or", "conjunction": "and"}
MEASURED = frozenset({"measured", "measured_or", "measured_between"})
ALONE = frozenset({"related_alone", "unrelated_alone"})
RELATED = ALONE | {"related", "related_verb", "related_names", "unrelated", "unrelated_verb"}
NUMBERED = frozenset({"counted", "counted_or", "having_rows", "order_by_count"})
SPANS = frozenset({"timed", "during", "valued_time"})
ENDS = {"before", "after", "since", "until", "older", "newer"}
# "not failed or cancelled": does "not" go on?
NEGATED = {"not_before", "valued_not", "trait_not", "listed_not", "flagged_not", "not_done", "excluded"}
BARE = {"values_before", "valued", "flag", "flagged", "trait", "trait_word", "done"}


@dataclass(frozen=True)
class Together:
    """Two conditions that are one thing where the second comes right after the first."""

    before: frozenset[str]
    after: frozenset[str]
    between: str = ""
    unless: Callable[[Node, Node], bool] = lambda _before, _after: False


def _are_ends(before: Node, after: Node) -> bool:
    """Whether times are two ends: "after January and before June"."""
    return all(trees(node)[-1].data in ENDS for node in (before, after))


TOGETHER = (
    # "created" before "last week": a property has what comes right after it.
    Together(
        frozenset({"done", "not_done", "present", "valued", "valued_not", "trait_word"}),
        frozenset({"during", "valued"}),
    ),
    Together(frozenset({"present"}), MEASURED),
    # "Finished in less than an hour" is of the time that it took.
    Together(frozenset({"done"}), MEASURED, unless=lambda _, after: bool(tokens(after, "OF"))),
    Together(MEASURED, frozenset({"trait_word"})),
    # "Total size per model above 10 MB": the rows, or the totals?
    Together(frozenset({"group"}), MEASURED),
    # "In June" before "2026 or later".
    Together(SPANS, frozenset({"during"})),
    # "In March and April": nothing was in both.
    Together(SPANS, frozenset({"during"}), between="and", unless=_are_ends),
    # "With an email in Paris": a value that is not told apart from what comes after it.
    Together(frozenset({"listed"}), frozenset({"placed"}), unless=lambda before, _: bool(tokens(before))),
    # "With an alias called champion": that is the alias's name.
    Together(frozenset({"related", "unrelated", "counted", "counted_or"}), frozenset({"called"})),
    Together(ALONE, ALONE | {"related"}),
    # "Who ordered this year": then they ordered, and did not join.
    Together(RELATED | NUMBERED, frozenset({"during"})),
    # "Without items over 100": orders over 100, or items?
    Together(frozenset({"unrelated", "unrelated_verb"}) | NUMBERED, MEASURED),
    # "Finished or failed last week": both, or only what failed?
    Together(frozenset({"valued", "done", "trait_word", "flagged"}), frozenset({"valued_time", "timed"}), between="or"),
)


def check_neighbours(nodes: Sequence[Node]) -> None:
    """Refuse neighbours that are one thing, or of which it is not clear whether "not" is said of both."""
    leaves = [leaf for node in nodes for leaf in _leaves(node, "")]
    for (before, _), (after, between) in pairwise(leaves):
        for pair in TOGETHER:
            if (
                between == pair.between
                and before.data in pair.before
                and after.data in pair.after
                and not pair.unless(before, after)
            ):
                raise NotUnderstood("what is said belongs to what comes right before it")
        bare = after.data in BARE and not tokens(after, "BE")
        if before.data in NEGATED and (bare or (before.data == "excluded" and between in JOINED.values())):
            raise NotUnderstood("does 'not' go on after 'and' or 'or'?", suggestions=("say 'not' or 'is' each time",))


def leaves_of(node: Node) -> list[Node]:
    """The conditions in a node, in order."""
    return [leaf for leaf, _ in _leaves(node, "")]


def _leaves(node: Node, between: str) -> Iterator[tuple[Node, str]]:
    """The conditions in order, and what stands before each: nothing, a word, "and" or "or"."""
    if node.data not in WHOLES:
        yield node, between
        return
    if node.data not in JOINED and tokens(node):
        between = between or "word"
    for child in trees(node):
        yield from _leaves(child, between)
        between = JOINED.get(str(node.data), "")
