"""Pairs, percentiles and ratios of the services' benchmark are what they say."""

import pytest
from turns import Turn, alternate, middle, percentile, ratio


def turns(*rates: float) -> list[Turn]:
    """Turns of one second each."""
    return [Turn(done=rate, seconds=1, times=[1000 / rate]) for rate in rates]


def test_rate() -> None:
    """What was done in a second, however long the turn was."""
    assert Turn(done=90, seconds=0.5).rate == 180


@pytest.mark.parametrize(("percent", "value"), [(50, 50.0), (99, 99.0)])
def test_percentiles(percent: int, value: float) -> None:
    """That part of the times is not above it."""
    assert percentile([float(number) for number in range(101)], percent) == value


def test_percentile_of_one() -> None:
    """One time is all there is to say."""
    assert percentile([7.0], 99) == 7.0


def test_late_pieces_are_seen() -> None:
    """Two pieces of a hundred that come late move the p99, and not the median."""
    turn = Turn(done=100, seconds=1, times=[1.0] * 98 + [500.0] * 2)
    assert turn.p50 == 1.0
    assert turn.p99 >= 499


def test_ratio_is_of_pairs() -> None:
    """The median of the rounds' ratios: a round that was slow for both counts as it should, one outlier does not."""
    assert ratio(turns(200, 20, 900), turns(100, 10, 100), "rate") == pytest.approx(2.0)
    assert middle(turns(3, 1, 2), "rate") == 2


def test_ratio_of_unequal_rounds() -> None:
    """Turns that have no partner are an error, and not left out."""
    with pytest.raises(ValueError, match="shorter"):
        ratio(turns(1, 2), turns(1), "rate")


def test_alternate() -> None:
    """Each warms up once, then they take turns; the warm-up is in no figure."""
    said: list[str] = []

    def contender(name: str) -> Turn:
        said.append(name)
        return Turn(done=len(said), seconds=1)

    results = alternate({"a": lambda: contender("a"), "b": lambda: contender("b")}, 2)
    assert "".join(said) == "ababab"
    assert [turn.done for turn in results["a"]] == [3, 5]
