"""Conditions on times: a verb in front of a time says which time is meant."""

from lark import Token

from query_parser.domain import moments
from query_parser.domain.literals import amount_of, convert, within
from query_parser.domain.logic import either, negated
from query_parser.domain.problems import NotUnderstood
from query_parser.domain.reader import operator_of
from query_parser.domain.scope import Scope
from query_parser.domain.syntax import Node, subtree, token, tokens, trees
from query_parser.domain.tree import Absent, All, ColumnRef, Compare, Condition, Moment, Not, Operator, Weekday
from query_parser.domain.values import ValueConditions


class TimeConditions(ValueConditions):
    """By the names of the grammar's rules."""

    def _valued(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "VALUE")
        if trees(tree):
            ref = self.column(trees(tree)[0], scope)
            return Compare(ref, Operator.EQ, convert(scope.definition(ref), str(word)))
        if scope.is_timed and scope.is_time(str(word).lower()):
            raise NotUnderstood(f"{word} is the time that is counted by")
        return self.became(word, scope)

    _of_value = _valued

    def became(self, word: Token, scope: Scope) -> Condition:
        """That a row has a listed value, said like a verb: a time that follows is when it came."""
        declared = self._declared_time(word, scope)
        if declared is None:
            scope.timeless = str(word)
        else:
            scope.verbs.add(declared)
        return self.is_value(word, scope)

    def _valued_not(self, tree: Node, scope: Scope) -> Condition:
        return negated(self.is_value(token(tree, "VALUE"), scope))

    def _valued_time(self, tree: Node, scope: Scope) -> Condition:
        words = tokens(tree, "VALUE")
        if any(scope.is_time(str(word).lower()) for word in words):
            raise NotUnderstood(f"{words[0]} is the time that is asked for")
        conditions = [self.is_value(word, scope) for word in words]
        times = {self.time_of(word, scope) for word in words}
        if len(times) > 1:
            raise NotUnderstood("these have different times: ask for one at a time")
        ref = times.pop()
        scope.verbs.add(ref)
        return All((either(conditions), self._at(trees(tree)[0], ref)))

    def _valued_since(self, tree: Node, scope: Scope) -> Condition:
        """Say "queued for more than two days": it has been so since then."""
        word = token(tree, "VALUE")
        if token(tree, "OF").lower() != "for":
            raise NotUnderstood("since when is not said")
        amount = amount_of(trees(tree)[0])
        if amount.unit is None or not amount.text.isdecimal():
            raise NotUnderstood("of what unit that is a number is not said", unresolved=(amount.text,))
        unit = moments.unit_of(amount.unit)
        if int(amount.text) > moments.MOST_OF[unit]:
            raise NotUnderstood("PostgreSQL's calendar does not go back so far")
        start = Moment(moved=-int(amount.text), unit=unit)
        since = {Operator.GT: Operator.LT, Operator.GE: Operator.LE, Operator.LT: Operator.GT, Operator.LE: Operator.GE}
        operator = since.get(operator_of(tree))
        if operator is None:
            raise NotUnderstood("for more or for less is not said")
        return All((self.is_value(word, scope), Compare(self.time_of(word, scope), operator, start)))

    def time_of(self, word: Token, scope: Scope) -> ColumnRef:
        """When a row got a listed value: as the schema says."""
        declared = self._declared_time(word, scope)
        if declared is None:
            raise NotUnderstood(f"the schema does not say when one of the {scope.table.name} was {word}")
        return declared

    def _declared_time(self, word: Token, scope: Scope) -> ColumnRef | None:
        ref = self.named(word, scope)
        declared = scope.definition(ref).times.get(self.entry(word).value or "")
        return None if declared is None else ColumnRef(ref.table, declared)

    def _timed(self, tree: Node, scope: Scope) -> Condition:
        ref = self.column(subtree(tree, "column"), scope)
        scope.verbs.add(ref)
        return self._at(trees(tree)[1], ref)

    def _done(self, tree: Node, scope: Scope) -> Condition | None:
        """What is in the table came there: "jobs created" are all jobs."""
        ref = self.column(subtree(tree, "column"), scope)
        if not scope.is_timed and self._is_a_value(tree, ref):
            raise NotUnderstood("without a time that is a value")
        scope.verbs.add(ref)
        default = scope.table.default_time
        is_default = default is not None and ref == ColumnRef(scope.table.name, default.name)
        return None if is_default and not scope.is_timed else Not(Absent(ref))

    def _not_done(self, tree: Node, scope: Scope) -> Condition:
        ref = self.column(subtree(tree, "column"), scope)
        if self._is_a_value(tree, ref):
            raise NotUnderstood("without a time that is a value")
        return Absent(ref)

    def _done_before(self, tree: Node, scope: Scope) -> Condition:
        word = token(tree, "TIMECOLUMN")
        ref = self.named(word, scope)
        column = scope.definition(ref)
        if column == scope.table.default_time or self._names_a_value(word, ref):
            raise NotUnderstood(f"{word} is nothing that can be said of one of the {scope.table.name}")
        return Not(Absent(ref))

    def _during_before(self, tree: Node, scope: Scope) -> Condition:
        return within(scope.time(), moments.bounds(tree))

    def _during(self, tree: Node, scope: Scope) -> Condition:
        return self._at(trees(tree)[0], scope.time_said())

    def _at(self, time: Node, ref: ColumnRef) -> Condition:
        ends = {duration.end for duration in self.schema.by_name[ref.table].durations}
        if ref.column in ends and any(word.lower() == "within" for word in tokens(time, "ROLLING")):
            raise NotUnderstood("within that time from now, or from its start?", suggestions=("say 'in the last'",))
        if time.data == "each_weekday":
            return Compare(Weekday(ref), *moments.on_weekdays(time))
        return within(ref, moments.bounds(time))

    def _is_a_value(self, tree: Node, ref: ColumnRef) -> bool:
        return self._names_a_value(tokens(subtree(tree, "column"))[0], ref)

    def _names_a_value(self, word: Token, ref: ColumnRef) -> bool:
        """Whether a word is a listed value of the table, too: "delivered" is a state and a time."""
        columns = self.schema.by_name[ref.table].columns
        return any(word.lower() in {*map(str.lower, column.values), *column.value_synonyms} for column in columns)
