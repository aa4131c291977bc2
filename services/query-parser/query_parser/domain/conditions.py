"""The conditions of a question, bound to a table."""

from query_parser.domain.logic import either
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.relations import RelationConditions
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, trees
from query_parser.domain.tree import All, Condition


class Conditions(RelationConditions):
    """All of them, and the words between them."""

    def _where(self, tree: Node, scope: Scope) -> Condition | None:
        return self.condition(trees(tree)[0], scope)

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
