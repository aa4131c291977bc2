"""Questions for a share: of which rows, and what of them is said to hold."""

from query_parser.domain.logic import conjunction
from query_parser.domain.measures import Measures
from query_parser.domain.neighbours import leaves_of
from query_parser.domain.problems import NotUnderstood, Unanswerable
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, subtree, token, tokens, trees
from query_parser.domain.tree import Compare, Operator, Query, Share

IN_FRONT = {"values_before", "not_before", "flag", "trait", "done_before"}
TIMED = {"timed", "during"}
# What is said of rows as a whole sentence: "of the regression jobs, how many failed".
SENTENCES = {"valued", "valued_not", "flagged", "flagged_not", "trait_word", "trait_not", "done", "not_done"}
PREDICATES = {"where", "related", "unrelated", "unrelated_verb", "related_verb"}


class Shares(Measures):
    """By the names of the grammar's rules."""

    def _sharing(self, tree: Node) -> Query:
        scope, share = self._shared(tree)
        return scope.query([share])

    def _sharing_rate(self, tree: Node) -> Query:
        scope, share = self._rate(tree)
        return scope.query([share])

    def _most_shared(self, tree: Node) -> Query:
        scope, share = self._rate(tree) if tokens(tree, "RATE") else self._shared(tree)
        self.check_top(tree)
        self._grouped(scope, tree)
        return self._first(tree, scope, share, descending=not tokens(tree, "LEAST"))

    def _rate(self, tree: Node) -> tuple[Scope, Share]:
        word = token(tree, "RATE")
        has_entity = any(node.data == "entity" for node in trees(tree))
        scope = self.entity(tree) if has_entity else self.only_table(word)
        self.modify_all(trees(tree), scope)
        return scope, Share(Compare(self.conditions.named(word, scope), Operator.EQ, self.entry(word).value or ""))

    def _shared(self, tree: Node) -> tuple[Scope, Share]:
        entity = subtree(tree, "entity")
        held = _held(entity)
        if _is_of_time(entity, held[0]):
            raise Unanswerable("of all of them, or of those of that time, is not said")
        kept = [child for child in entity.children if child not in held]
        scope = self.bind_entity(type(entity)(entity.data, kept))
        if self.entry(token(entity, "TABLE")).conditions:
            raise NotUnderstood("of which rows that is a share is not said")
        conditions = [self.conditions.condition(_unwrapped(node), scope) for node in held]
        condition = conjunction([one for one in conditions if one is not None])
        if condition is None or scope.having:
            raise NotUnderstood("of what the share is asked for is not said")
        return scope, Share(condition)


def _held(entity: Node) -> list[Node]:
    """What is said to hold of some of the rows; the rest says which rows there are."""
    front = [node for node in trees(entity) if node.data in IN_FRONT]
    posts = [node for node in trees(entity) if _is_predicate(node)]
    if len(posts) == 1 and (not front or _leaf(posts[0]) in SENTENCES):
        return posts
    if len(front) == 1 and not posts:
        return front
    raise NotUnderstood("what of them is a share of which is not said")


def _is_predicate(node: Node) -> bool:
    inner = _unwrapped(node)
    return inner.data in PREDICATES and not all(map(_is_timed, leaves_of(inner)))


def _is_of_time(entity: Node, held: Node) -> bool:
    """Whether a time comes right after it: "failed last month" is one thing."""
    said = trees(entity)
    after = said[said.index(held) + 1 :]
    return _leaf(held) in SENTENCES and bool(after) and _leaf(after[0]) == "during"


def _is_timed(leaf: Node) -> bool:
    return leaf.data in TIMED or any(token.type == "DATE" for token in leaf.scan_values(lambda _: True))


def _leaf(node: Node) -> str:
    leaves = leaves_of(_unwrapped(node))
    return str(leaves[0].data) if len(leaves) == 1 else ""


def _unwrapped(node: Node) -> Node:
    return _unwrapped(trees(node)[0]) if node.data in {"post", "bare"} else node
