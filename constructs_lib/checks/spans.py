"""Sets of ports and of addresses, as ranges: exact for 65,535 ports and for 2^128 addresses."""

from collections.abc import Iterable

from constructs_lib.resolve.problems.names import LAST_PORT
from constructs_lib.resolve.problems.values import PROTOCOLS

Span = tuple[str, int, int]
"""(protocol or address family, first, last): both ends belong to it."""
Spans = tuple[Span, ...]
"""Sorted; no two of them overlap or touch."""

ALL_PORTS: Spans = tuple((protocol, 1, LAST_PORT) for protocol in sorted(PROTOCOLS))
BITS = {"IPv4": 32, "IPv6": 128}
ALL_ADDRESSES: Spans = tuple((family, 0, 2**bits - 1) for family, bits in BITS.items())


def union(spans: Iterable[Span]) -> Spans:
    """What is in any of them."""
    merged: list[Span] = []
    for kind, first, last in sorted(spans):
        if merged and merged[-1][0] == kind and merged[-1][2] + 1 >= first:
            merged[-1] = (kind, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((kind, first, last))
    return tuple(merged)


def common(one: Spans, other: Spans) -> Spans:
    """What is in both."""
    pairs = ((a[0], max(a[1], b[1]), min(a[2], b[2])) for a in one for b in other if a[0] == b[0])
    return tuple(sorted(span for span in pairs if span[1] <= span[2]))


def without(one: Spans, other: Spans) -> Spans:
    """What is in the first and not in the second."""
    for kind, first, last in other:
        left: list[Span] = []
        for span in one:
            if span[0] != kind or span[2] < first or last < span[1]:
                left.append(span)
                continue
            left += [(kind, span[1], first - 1)] if span[1] < first else []
            left += [(kind, last + 1, span[2])] if last < span[2] else []
        one = tuple(left)
    return one
