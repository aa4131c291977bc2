"""The conditions of a question, bound to a table."""

from query_parser.domain.literals import amount_of
from query_parser.domain.logic import either
from query_parser.domain.neighbours import MEASURED
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.relations import RelationConditions
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, tokens, trees
from query_parser.domain.tree import All, Condition


class Conditions(RelationConditions):
    """All of them, and the words between them."""

    def _where(self, tree: Node, scope: Scope) -> Condition | None:
        inner = trees(tree)[0]
        if tokens(tree, "HAVE") and inner.data in MEASURED and not any(map(_has_unit, trees(inner))):
            raise NotUnderstood("of what that is a number is not said")
        return self.condition(inner, scope)

    def _disjunction(self, tree: Node, scope: Scope) -> Condition | None:
        return either(self._each(tree, scope))

    def _conjunction(self, tree: Node, scope: Scope) -> Condition | None:
        return All(tuple(self._each(tree, scope)))

    def _each(self, tree: Node, scope: Scope) -> list[Condition]:
        conditions = [self.condition(node, scope) for node in trees(tree)]
        whole = [condition for condition in conditions if condition is not None]
        if len(whole) < len(conditions):
            raise NotUnderstood("a number of rows stands by itself, not beside 'and' or 'or'")
        return whole


def _has_unit(tree: Node) -> bool:
    return amount_of(tree).unit is not None
