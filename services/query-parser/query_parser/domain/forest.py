"""From Lark's forest, which holds all readings of a question at once, to syntax trees."""

from collections.abc import Iterator
from itertools import chain, product
from math import prod

from lark import Token, Tree
from lark.grammar import Rule
from lark.parsers.earley_forest import ForestVisitor, PackedNode, SymbolNode

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node

# A sum with a condition, a time, a group and an order has about thirty; nearly all of them mean nothing.
MOST_TREES = 64
# What a node stands for, read in one way: a symbol is one tree, a part of a rule some.
Way = tuple[Node | Token, ...]


class TooMany(NotUnderstood):
    """There are more syntax trees than are looked at: whatever others say, the question is refused."""

    def __init__(self) -> None:
        """It is known before the trees are made, as there can be very many."""
        super().__init__("this can be read in very many ways: ask for less at once")


def unfold(forest: SymbolNode) -> list[Node]:
    """Every syntax tree; TooMany where there are more than are looked at."""
    unfolder = _Unfolder()
    unfolder.visit(forest)  # type: ignore[no-untyped-call]
    return [tree for way in unfolder.ways[id(forest)] for tree in way if isinstance(tree, Tree)]


class _Unfolder(ForestVisitor):
    """Collects the ways to read each node from its parts upwards; a node has no more ways than the whole has."""

    def __init__(self) -> None:
        """Parts are shared: each is visited once."""
        super().__init__(single_visit=True)  # type: ignore[no-untyped-call]
        self.ways: dict[int, list[Way]] = {}

    def visit_symbol_node_in(self, node: SymbolNode) -> Iterator[PackedNode]:
        """All the ways to read it."""
        return iter(node.children)

    def visit_packed_node_in(self, node: PackedNode) -> Iterator[object]:
        """All the parts of a way."""
        return iter(node.children)

    def visit_packed_node_out(self, node: PackedNode) -> None:
        """Each way of one part goes with each of the other."""
        parts = [self.ways[id(part)] if isinstance(part, SymbolNode) else [(part.token,)] for part in node.children]
        if prod(map(len, parts)) > MOST_TREES:
            raise TooMany
        ways = [tuple(chain(*way)) for way in product(*parts)]
        whole = not node.parent.is_intermediate
        self.ways[id(node)] = [_shaped(node.rule, way) for way in ways] if whole else ways

    def visit_symbol_node_out(self, node: SymbolNode) -> None:
        """The ways of all that it can be."""
        self.ways[id(node)] = [way for packed in node.children for way in self.ways[id(packed)]]
        if len(self.ways[id(node)]) > MOST_TREES:
            raise TooMany


def _shaped(rule: Rule, way: Way) -> Way:
    """What the grammar file asks for: `_name` is left out, and `?name` where it holds one thing only."""
    if rule.origin.name.startswith("_") or (rule.options.expand1 and not rule.alias and len(way) == 1):
        return way
    return (Tree(rule.alias or rule.origin.name, list(way)),)
