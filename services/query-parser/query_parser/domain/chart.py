"""All the ways to read a sequence of terminals by the rules of a grammar.

First it is found out where each symbol can end that begins at some place, once for each pair; then trees are made, of
what is part of a whole reading only. A rule is tried where the terminal that comes next can begin it. Rules may begin
with themselves, as those do that Lark makes of `*` and `+`; none can be empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, product

from lark import Token, Tree
from lark.grammar import Rule

from query_parser.domain.problems import NotUnderstood
from query_parser.domain.syntax import Node

# A sum with a condition, a time, a group and an order has about thirty; nearly all of them mean nothing.
MOST_TREES = 64
# Symbols in symbols: rows of rows of rows take five each, and people do not speak like that.
DEEPEST = 60
# What a symbol stands for, read in one way: mostly one tree.
Way = tuple[Node | Token, ...]


class TooMany(NotUnderstood):
    """There are more syntax trees than are looked at: whatever others say, the question is refused."""

    def __init__(self) -> None:
        """It is known before the trees are made, as there can be very many."""
        super().__init__("this can be read in very many ways: ask for less at once")


@dataclass(frozen=True)
class Alternative:
    """One rule of a symbol, and whether it begins with that symbol."""

    rule: Rule
    symbols: tuple[str, ...]
    is_recursive: bool


class Rules:
    """The rules of a grammar by their symbols, and what each can begin with."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """As Lark has made them of the grammar file."""
        self.of: dict[str, list[Alternative]] = {}
        for rule in rules:
            symbols = tuple(symbol.name for symbol in rule.expansion)
            if not symbols:
                raise ValueError(f"{rule.origin.name} can be empty")
            alternative = Alternative(rule, symbols, symbols[0] == rule.origin.name)
            self.of.setdefault(rule.origin.name, []).append(alternative)

    @cached_property
    def beginning(self) -> Mapping[tuple[str, str], Sequence[Alternative]]:
        """The alternatives of a symbol that a terminal can begin; those that begin with the symbol are with each."""
        first: dict[str, set[str]] = {}
        for symbol in self.of:
            self._first(symbol, first, set())
        table: dict[tuple[str, str], list[Alternative]] = {}
        for symbol, alternatives in self.of.items():
            for alternative in alternatives:
                for terminal in first[symbol if alternative.is_recursive else alternative.symbols[0]]:
                    table.setdefault((symbol, terminal), []).append(alternative)
        return table

    def _first(self, symbol: str, first: dict[str, set[str]], above: set[str]) -> set[str]:
        if symbol not in self.of:
            first[symbol] = {symbol}
        elif symbol in above:
            raise ValueError(f"{symbol} begins with itself in a roundabout way")
        elif symbol not in first:
            begun = [one.symbols[0] for one in self.of[symbol] if not one.is_recursive]
            first[symbol] = {name for one in begun for name in self._first(one, first, above | {symbol})}
        return first[symbol]


@dataclass
class Chart:
    """One sequence of tokens, and what is known of it so far."""

    rules: Rules
    tokens: Sequence[Token]
    # How far some reading got.
    furthest: int = 0
    depth: int = 0
    _ends: dict[tuple[str, int], set[int]] = field(default_factory=dict)
    _ways: dict[tuple[str, int, int], list[Way]] = field(default_factory=dict)

    def trees(self, symbol: str) -> list[Node]:
        """Every syntax tree of the whole sequence; none where there is none."""
        if len(self.tokens) not in self.ends(symbol, 0):
            return []
        return [tree for way in self.ways(symbol, 0, len(self.tokens)) for tree in way if isinstance(tree, Tree)]

    def ends(self, symbol: str, start: int) -> set[int]:
        """Where a symbol can end that begins there."""
        if start == len(self.tokens):
            return set()
        next_terminal = self.tokens[start].type
        if symbol not in self.rules.of:
            if symbol != next_terminal:
                return set()
            self.furthest = max(self.furthest, start + 1)
            return {start + 1}
        known = self._ends.get((symbol, start))
        if known is None:
            self.depth += 1
            if self.depth > DEEPEST:
                raise NotUnderstood("too much is said of what belongs to something: ask for less at once")
            known = self._ends[symbol, start] = self._find_ends(symbol, start, next_terminal)
            self.depth -= 1
        return known

    def _find_ends(self, symbol: str, start: int, next_terminal: str) -> set[int]:
        alternatives = self.rules.beginning.get((symbol, next_terminal), ())
        found: set[int] = set()
        for alternative in alternatives:
            if not alternative.is_recursive:
                found |= self._follow(alternative.symbols, {start})
        fresh = found
        while fresh:
            longer: set[int] = set()
            for alternative in alternatives:
                if alternative.is_recursive:
                    longer |= self._follow(alternative.symbols[1:], fresh)
            fresh = longer - found
            found |= fresh
        return found

    def _follow(self, symbols: Sequence[str], places: set[int]) -> set[int]:
        for symbol in symbols:
            places = {end for place in places for end in self.ends(symbol, place)}
            if not places:
                break
        return places

    def ways(self, symbol: str, start: int, end: int) -> list[Way]:
        """All the ways to read a symbol from there to there."""
        if symbol not in self.rules.of:
            return [(self.tokens[start],)]
        key = (symbol, start, end)
        if key not in self._ways:
            alternatives = self.rules.beginning[symbol, self.tokens[start].type]
            self._ways[key] = _bounded(
                [_shaped(one.rule, way) for one in alternatives for way in self._sequences(one, start, end)]
            )
        return self._ways[key]

    def _sequences(self, alternative: Alternative, start: int, end: int) -> list[Way]:
        """The ways to read its symbols one after the other, of those that come out at the end."""
        steps = self._steps(alternative, start, end)
        ways: dict[int, list[Way]] = {start: [()]}
        for symbol, step in zip(alternative.symbols, steps, strict=False):
            longer: dict[int, list[Way]] = {}
            for here, there in step:
                parts = [tuple(chain(*pair)) for pair in product(ways[here], self.ways(symbol, here, there))]
                longer[there] = _bounded([*longer.get(there, []), *parts])
            ways = longer
        return ways.get(end, [])

    def _steps(self, alternative: Alternative, start: int, end: int) -> list[list[tuple[int, int]]]:
        """From where to where each symbol can go on the way from the start to the end; nothing where it does not."""
        forward: list[list[tuple[int, int]]] = []
        places = {start}
        for number, symbol in enumerate(alternative.symbols):
            # What begins with itself has to leave something for the rest.
            last = end - (len(alternative.symbols) - number - 1)
            forward.append([(place, to) for place in places for to in self.ends(symbol, place) if to <= last])
            places = {to for _, to in forward[-1]}
        wanted = {end}
        for number in range(len(forward) - 1, -1, -1):
            forward[number] = [step for step in forward[number] if step[1] in wanted]
            wanted = {here for here, _ in forward[number]}
        return forward if start in wanted else []


def _bounded(ways: list[Way]) -> list[Way]:
    if len(ways) > MOST_TREES:
        raise TooMany
    return ways


def _shaped(rule: Rule, way: Way) -> Way:
    """What the grammar file asks for: `_name` is left out, and `?name` where it holds one thing only."""
    if rule.origin.name.startswith("_") or (rule.options.expand1 and not rule.alias and len(way) == 1):
        return way
    return (Tree(rule.alias or rule.origin.name, list(way)),)
