"""What is said of connections that packets, graph and policies do not agree on."""

from tests.node.traffic import Way, Ways

READ, WRITE = Way("a", "b", 1), Way("a", "b", 2)


def test_agreed() -> None:
    """Nothing, whether a connection opens or not."""
    both = frozenset({READ})
    assert Ways(frozenset({READ, WRITE}), both, both, both).differences() == []


def test_each_may_differ() -> None:
    """A line says who thinks what, also where policies alone are wrong."""
    tried, none = frozenset({READ, WRITE}), frozenset[Way]()
    ways = Ways(tried, packets=frozenset({READ}), graph=none, policies=frozenset({READ, WRITE}))
    assert ways.differences() == [
        "a -> b:1: packets: open, graph: closed, policies: open",
        "a -> b:2: packets: closed, graph: closed, policies: open",
    ]
