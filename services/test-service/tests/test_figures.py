"""Numbers, parameters and metrics as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from test_service.figures import exact, figure, metric_rows, type_of


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.8666666666666668, "0.867"),
        (0.5, "0.5"),
        (1.0, "1"),
        (60.0, "60"),
        (-0.0, "0"),
        (12345.6789, "12345.679"),
        (-0.8666666666666668, "-0.867"),
        (0.9996, "1"),
        (0.0123456, "0.0123"),
        (0.00000123456, "0.00000123"),
        (0.000000123456, "1.23e-07"),
        (1.5e300, "1.50e+300"),
        (12345678901234567890123, "12345678901234567890123"),
        (True, "true"),
        (False, "false"),
        (None, "none"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
        (-math.inf, "minus infinite"),
        ("0.8666666666666668", "0.8666666666666668"),
    ],
)
def test_figure(value: object, shown: str) -> None:
    """Three decimals, three digits below one, and whole numbers complete."""
    assert figure(value) == shown


@given(st.floats(-1e308, 1e308))
def test_figure_is_near_its_number(value: float) -> None:
    """Half of the last digit that is shown, and a few characters, whatever its size."""
    shown = figure(value)
    assert math.isclose(float(shown), value, rel_tol=0.005, abs_tol=0.0005 if abs(value) >= 1 else 0.0)
    assert len(shown) <= 20


@given(st.integers())
def test_whole_numbers_lose_nothing(value: int) -> None:
    """However large."""
    assert (int(figure(value)), int(exact(value))) == (value, value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_parameters_lose_nothing(value: float) -> None:
    """A row with exactly this value is what the question asks for."""
    assert float(exact(value)) == value


@pytest.mark.parametrize(
    ("value", "name"),
    [("1", "text"), (1, "whole number"), (1.0, "number"), (True, "true or false"), (None, "nothing")],
)
def test_type_of_a_parameter(value: object, name: str) -> None:
    """In words; true is no whole number, as it is in Python."""
    assert type_of(value) == name


def test_metric_is_beside_its_baseline() -> None:
    """The baseline of a metric is in its row; one without its metric has a row of its own."""
    metrics = {"f1_macro": 0.9, "baseline_f1_macro": 0.5, "rows": 60, "baseline_r2": 0.0}
    assert list(metric_rows(metrics)) == [("f1 macro", 0.9, 0.5), ("rows", 60, None), ("baseline r2", 0.0, None)]
