"""Which conditions can stand side by side; where words belong together, or might, they are not read apart."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node, tokens, trees

WHOLES = {"entity", "post", "bare", "where", "of_entity", "disjunction", "conjunction"}
# "created" before "last week": a property has what comes right after it.
OPEN, TAKEN = {"done", "not_done", "present", "valued", "valued_not", "trait_word"}, {"during", "valued"}
ALONE = {"related_alone", "unrelated_alone"}
JOINED = {"disjunction": "or", "conjunction": "and"}
# "Finished or failed last week": both, or only what failed?
WITHOUT_TIME = {"valued", "done", "trait_word", "flagged"}
MEASURED = {"measured", "measured_or", "measured_between"}
# "with an alias called champion": that is the alias's name.
OTHERS, NAMING = {"related", "unrelated", "counted", "counted_or"}, {"called"}
# "not failed or cancelled": does "not" go on?
NEGATED = {"not_before", "valued_not", "trait_not", "listed_not", "flagged_not", "not_done", "excluded"}
BARE = {"values_before", "valued", "flag", "flagged", "trait", "trait_word", "done"}


def check_neighbours(nodes: Sequence[Node]) -> None:
    """Refuse neighbours that are one thing, or of which it is not clear whether "not" is said of both."""
    leaves = [leaf for node in nodes for leaf in _leaves(node, "")]
    for (before, _), (after, between) in pairwise(leaves):
        if not between and before.data in ALONE and after.data in ALONE | {"related"}:
            raise NotUnderstood("a verb has what comes right after it")
        if between == "or" and before.data in WITHOUT_TIME and after.data in {"valued_time", "timed"}:
            raise NotUnderstood("a time belongs to all that comes before it")
        if not between and before.data in {"present", "done"} and after.data in MEASURED and not tokens(after, "OF"):
            raise NotUnderstood("a property has the number that comes right after it")
        if not between and before.data == "present" and after.data in MEASURED:
            raise NotUnderstood("a property has the number that comes right after it")
        if not between and before.data in MEASURED and after.data == "trait_word":
            raise NotUnderstood("a number has what comes right after it")
        if not between and before.data in OPEN and after.data in TAKEN:
            raise NotUnderstood("a property and what comes right after it belong together")
        if not between and before.data in OTHERS and after.data in NAMING:
            raise NotUnderstood("a name belongs to what comes right before it")
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
