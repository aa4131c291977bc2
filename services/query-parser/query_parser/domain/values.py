"""Conditions that compare columns with values."""

from lark import Token

from query_parser.domain.literals import amount_of, comparison, convert
from query_parser.domain.logic import either, negated, tables_of
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.reader import Reader, operator_of
from query_parser.domain.schema import NUMBERS, ColumnType
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, subtree, token, tokens, trees
from query_parser.domain.tree import Absent, All, ColumnRef, Compare, Condition, Matches, Not, OneOf, Operator


class ValueConditions(Reader):
    """By the names of the grammar's rules."""

    # Values that the schema lists

    def _values_before(self, tree: Node, scope: Scope) -> Condition:
        return self._own(either([self.is_value(word, scope) for word in tokens(tree, "VALUE")]), scope)

    def _own(self, condition: Condition, scope: Scope) -> Condition:
        """What stands in front of a name is said of itself: "open couriers" are no couriers of open depots."""
        if tables_of(condition) != {scope.table.name}:
            raise NotUnderstood(f"that is nothing that {scope.table.name} are")
        return condition

    def _not_before(self, tree: Node, scope: Scope) -> Condition:
        return negated(self._trait(tree, scope) if tokens(tree, "TRAIT") else self._values_before(tree, scope))

    def _excluded(self, tree: Node, scope: Scope) -> Condition:
        return negated(either([self.is_value(word, scope) for word in tokens(tree, "VALUE")]))

    def _nothing_of(self, tree: Node, scope: Scope) -> Condition:
        return Not(either([self.is_value(token(node, "VALUE"), scope) for node in trees(tree)]))

    def is_value(self, word: Token, scope: Scope) -> Compare:
        """That a row has a listed value."""
        return Compare(self.named(word, scope), Operator.EQ, self.entry(word).value or "")

    # Columns and literals

    def _compared(self, tree: Node, scope: Scope) -> Condition:
        columns = {self.column(node, scope) for node in trees(tree) if node.data == "column"}
        if len(columns) > 1:
            raise NotUnderstood("one property is compared with a number")
        return self._compare(tree, columns.pop(), operator_of(tree), scope)

    _compared_before = _compared

    def _compared_or(self, tree: Node, scope: Scope) -> Condition:
        return self._compare(tree, self.column(subtree(tree, "column"), scope), _or_more(tree), scope)

    def _having_number(self, tree: Node, scope: Scope) -> Condition:
        """Jobs "with 3 attempts": so many, and no more."""
        ref = self.column(subtree(tree, "column"), scope)
        if scope.definition(ref).type not in NUMBERS:
            raise NotUnderstood(f"{ref.column} is no number")
        return comparison(ref, scope.definition(ref), Operator.EQ, amount_of(subtree(tree, "number")))

    def _compared_adjective(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "COMPARATIVE")
        operator = Operator.GT if self.entry(word).value == "high" else Operator.LT
        ref = self.named(word, scope)
        if any(self.named(end, scope) != ref for end in tokens(tree, "TOEND")):
            raise NotUnderstood(f"{word} is said of something else", unresolved=(str(word),))
        return self._compare(tree, ref, operator, scope)

    def _compared_trait(self, tree: Node, scope: Scope) -> Condition:
        """Less than 20 "in stock": what there is any of can be counted."""
        condition = self._trait_word(tree, scope)
        if not isinstance(condition, Compare) or (condition.operator, condition.value) != (Operator.GT, 0):
            raise NotUnderstood("that has no number", unresolved=(str(token(tree, "TRAIT")),))
        return self._compare(tree, self.named(token(tree, "TRAIT"), scope), operator_of(tree), scope)

    def _measured(self, tree: Node, scope: Scope) -> Condition:
        return self._compare(tree, self._measure(tree, scope), operator_of(tree), scope)

    def _measured_or(self, tree: Node, scope: Scope) -> Condition:
        return self._compare(tree, self._measure(tree, scope), _or_more(tree), scope)

    def _measured_between(self, tree: Node, scope: Scope) -> Condition:
        return self._ends(tree, self._measure(tree, scope), scope)

    def _measure(self, tree: Node, scope: Scope) -> ColumnRef:
        """Of "more than 20 kg" the weight; "for more than two days" says since when, and is no measure."""
        if any(word.lower() not in {"of", "in"} for word in tokens(tree, "OF")):
            raise NotUnderstood("of what that is a number is not said")
        units = [amount_of(node).unit for node in trees(tree)]
        unit = next((unit for unit in units if unit), None)
        ref = scope.measure(unit, takes=bool(tokens(tree, "TAKE")))
        if unit is None and scope.definition(ref).unit == "byte":
            raise NotUnderstood("nobody counts bytes without a unit", suggestions=("say '10 MB'",))
        return ref

    def _compare(self, tree: Node, ref: ColumnRef, operator: Operator, scope: Scope) -> Condition:
        amount = next(node for node in trees(tree) if node.data in {"amount", "quantity"})
        return comparison(ref, scope.definition(ref), operator, amount_of(amount))

    def _between(self, tree: Node, scope: Scope) -> Condition:
        return self._ends(tree, self.column(subtree(tree, "column"), scope), scope)

    _between_before = _between

    def _ends(self, tree: Node, ref: ColumnRef, scope: Scope) -> Condition:
        low, high = (amount_of(node) for node in trees(tree) if node.data == "amount")
        if low.unit is None:
            low = type(low)(low.text, high.unit)
        column = scope.definition(ref)
        return All((comparison(ref, column, Operator.GE, low), comparison(ref, column, Operator.LE, high)))

    def _listed(self, tree: Node, scope: Scope) -> Condition:
        ref = self.column(subtree(tree, "column"), scope)
        return self.literals(subtree(tree, "literals"), ref, scope)

    def _listed_not(self, tree: Node, scope: Scope) -> Condition:
        return negated(self._listed(tree, scope))

    _of_column = _listed

    def literals(self, tree: Node, ref: ColumnRef, scope: Scope) -> Condition:
        """A column that has one of the values."""
        column = scope.definition(ref)
        for word in tree.scan_values(lambda value: isinstance(value, Token)):
            if word.type == "WORD" and word.islower() and self.entry(word).value is not None:
                raise NotUnderstood(f"{word!r} is no value: other words stand in front of it", unresolved=(str(word),))
        amounts = [amount_of(node) for node in trees(tree)]
        if len(amounts) == 1:
            return comparison(ref, column, Operator.EQ, amounts[0])
        return OneOf(ref, tuple(convert(column, amount.text) for amount in amounts))

    def _matched(self, tree: Node, scope: Scope) -> Condition:
        return self._match(tree, self.column(subtree(tree, "column"), scope), scope)

    def _matched_label(self, tree: Node, scope: Scope) -> Condition:
        return self._match(tree, scope.name_of(scope.table.name), scope)

    def _match(self, tree: Node, ref: ColumnRef, scope: Scope) -> Condition:
        column = scope.definition(ref)
        if column.type is not ColumnType.TEXT:
            raise NotUnderstood(f"{column.name} is {column.type.value}, no text", unresolved=(column.name,))
        text = str(token(tree, "WORD", "STRING"))
        start, end = bool(tokens(tree, "ENDS", "CONTAINS")), bool(tokens(tree, "STARTS", "CONTAINS"))
        condition = Matches(ref, text, open_start=start, open_end=end)
        return Not(condition) if tokens(tree, "NOT") else condition

    # What is there, and what is not

    def _absent(self, tree: Node, scope: Scope) -> Condition:
        ref = self.column(subtree(tree, "column"), scope)
        is_said_of_rows = bool(tokens(tree, "WITHOUT", "HAVE"))
        return Compare(ref, Operator.EQ, 0) if is_said_of_rows and _has_none(ref, scope) else Absent(ref)

    def _present(self, tree: Node, scope: Scope) -> Condition:
        absent = self._absent(tree, scope)
        return Compare(absent.term, Operator.GT, 0) if isinstance(absent, Compare) else Not(absent)

    def _trait(self, tree: Node, scope: Scope) -> Condition:
        return self._own(self._trait_word(tree, scope), scope)

    def _trait_word(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "TRAIT")
        entry = self.entry(word)
        return entry.conditions[entry.columns.index(self.named(word, scope))]

    def _trait_not(self, tree: Node, scope: Scope) -> Condition:
        return negated(self._trait_word(tree, scope))

    def _flagged(self, tree: Node, scope: Scope) -> Condition:
        return Compare(self.named(token(tree, "FLAG"), scope), Operator.EQ, value=True)

    def _flag(self, tree: Node, scope: Scope) -> Condition:
        return self._own(self._flagged(tree, scope), scope)

    def _flagged_not(self, tree: Node, scope: Scope) -> Condition:
        return Compare(self.named(token(tree, "FLAG"), scope), Operator.EQ, value=False)


def _has_none(ref: ColumnRef, scope: Scope) -> bool:
    """Whether a word says that there is 0 of it, as "out of stock" does: "no stock" is no missing number then."""
    return any(
        (trait.operator, trait.value) == (Operator.EQ, 0) and not isinstance(trait.value, bool)
        for trait in scope.definition(ref).traits
    )


def _or_more(tree: Node) -> Operator:
    return Operator.GE if tokens(tree, "ORMORE") else Operator.LE
