"""Sets of pods by their labels: what selectors say of pods that are known, and of pods that nobody has seen yet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import NAMESPACE_LABEL

POD, NAMESPACE = "pod", "namespace"
Key = tuple[str, str]
"""A label of a pod or of its namespace: (POD or NAMESPACE, name of the label)."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that a label may have; None stands for a label that is absent.

    Those of `members`, or (`inverse`) all but these. There is always one more value than anybody has written down, so
    an inverse set is never empty.
    """

    members: frozenset[str | None]
    inverse: bool = False

    def __contains__(self, value: str | None) -> bool:
        """Whether the label may have that value."""
        return (value in self.members) is not self.inverse

    def __and__(self, other: "Values") -> "Values":
        """Both."""
        if self.inverse and other.inverse:
            return Values(self.members | other.members, inverse=True)
        if self.inverse:
            return Values(other.members - self.members)
        return Values(self.members - other.members if other.inverse else self.members & other.members)

    def __invert__(self) -> "Values":
        """All that are not in it."""
        return Values(self.members, inverse=not self.inverse)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.inverse or bool(self.members)


Box = Mapping[Key, Values]
"""The pods whose labels, and whose namespace's labels, all have one of these values; a label not named has any."""
EVERY_POD: Box = {}


def holds(box: Box, labels: Mapping[Key, str]) -> bool:
    """Whether a pod with exactly these labels is in the box."""
    return all(labels.get(key) in values for key, values in box.items())


def both(one: Box, other: Box) -> Box | None:
    """The pods in both boxes; None where there can be none."""
    merged = dict(one)
    for key, values in other.items():
        merged[key] = merged[key] & values if key in merged else values
    return merged if all(merged.values()) else None


def less(one: Box, other: Box) -> Iterator[Box]:
    """The pods of the first box that are not in the second one, as boxes that do not overlap."""
    rest: Box | None = one
    for key, values in other.items():
        if rest is None:
            return
        outside = both(rest, {key: ~values})
        if outside is not None:
            yield outside
        rest = both(rest, {key: values})


def requirements(scope: str, selector: Mapping[str, Any] | None) -> Box:
    """A label selector; an empty one selects everything. ValueError where the API server refuses it."""
    box: Box = {}
    selector = selector or {}
    pairs = [((scope, key), Values(frozenset({value}))) for key, value in (selector.get("matchLabels") or {}).items()]
    pairs += [((scope, one["key"]), _values(one)) for one in selector.get("matchExpressions") or []]
    for key, values in pairs:
        # A selector may contradict itself: then it selects nothing, and its box has a label without values.
        box = {**box, key: box[key] & values if key in box else values}
    return box


def selected_pods(where: str, what: str, selector: Mapping[str, Any] | None) -> Box:
    """Whom the selector of `what` in the object `where` selects; InvalidInput where the API server refuses it."""
    try:
        return requirements(POD, selector)
    except ValueError as error:
        problem = Problem(where, f"the selector of {what} is not legal: {error}", "correct it")
        raise InvalidInput([problem]) from error


def _values(expression: Mapping[str, Any]) -> Values:
    """Sets of values include None where the label may be absent, as NotIn has it."""
    operator, values = expression["operator"], frozenset(expression.get("values") or [])
    if operator in ("In", "NotIn") and values:
        return Values(values, inverse=operator == "NotIn")
    if operator in ("Exists", "DoesNotExist") and not values:
        return Values(frozenset({None}), inverse=operator == "Exists")
    raise ValueError(f"operator {operator} of label {expression['key']} {'with' if values else 'without'} values")


def labels_of(scope: str, labels: Mapping[str, str] | None) -> dict[Key, str]:
    """Labels as `holds` wants them."""
    return {(scope, key): str(value) for key, value in (labels or {}).items()}


def text(box: Box) -> str:
    """Who is in the box, in words."""
    pods = [_label(key, values) for (scope, key), values in box.items() if scope == POD]
    spaces = [_label(key, v) for (scope, key), v in box.items() if scope == NAMESPACE and key != NAMESPACE_LABEL]
    names = box.get((NAMESPACE, NAMESPACE_LABEL))
    where = "every namespace"
    if names is not None:
        where = (
            f"every namespace but {_listed(names.members)}" if names.inverse else f"namespace {_listed(names.members)}"
        )
    return f"pods{_and(pods)} of {where}{_and(spaces)}"


def _and(words: Iterable[str]) -> str:
    joined = " and ".join(words)
    return f" {joined}" if joined else ""


def _label(key: str, values: Values) -> str:
    written = values.members - {None}
    absent = None in values
    if not written:
        return f"without label {key}" if absent else f"with label {key}"
    if values.inverse:
        return f"{'without' if absent else 'with another'} {key}={_listed(written)}"
    return f"with{' or without' if absent else ''} {key}={_listed(written)}"


def _listed(values: Iterable[str | None]) -> str:
    return "|".join(sorted(str(value) for value in values))
