"""Metrics beside those of who knows no features, and the warning where a model is no better."""

import numpy as np
import pytest
from people import csv, prepared

from chatdb_common.messages import Task
from ml_engine import training
from ml_engine.domain import Hyperparameters, Trained
from ml_engine.measures import beats_baseline, warnings

QUICK = Hyperparameters(model="linear", folds=5)
SEEDED = np.random.default_rng(3)
NOISE = SEEDED.normal(size=(200, 2)).round(3).tolist()


def trained(rows: list[list[object]]) -> Trained:
    """A model of these rows, whose last column is the target."""
    return training.train(prepared(csv([f"c{n}" for n in range(len(rows[0]))], rows).encode()), QUICK)


def test_baseline_of_a_regression_is_the_mean() -> None:
    """Its r2 is 0, and its errors are the deviations."""
    amounts = [float(n) + 0.5 for n in range(200)]
    metrics = trained([[amount, amount * 2 + n % 3] for n, amount in enumerate(amounts)]).metrics
    target = np.array([amount * 2 + n % 3 for n, amount in enumerate(amounts)])
    assert metrics["baseline_r2"] == pytest.approx(0, abs=1e-12)
    assert metrics["baseline_mae"] == pytest.approx(np.mean(np.abs(target - target.mean())))
    assert metrics["baseline_rmse"] == pytest.approx(target.std())
    assert metrics["r2"] > 0.99
    assert metrics["rmse"] < metrics["baseline_rmse"]
    assert warnings("regression", metrics) == []


def test_baseline_of_a_classification_is_the_most_frequent_class() -> None:
    """Of 150 to 50, and of three classes each a third."""
    metrics = trained([[n, "b" if n >= 150 else "a"] for n in range(200)]).metrics
    assert (metrics["baseline_accuracy"], metrics["baseline_balanced_accuracy"]) == (0.75, 0.5)
    assert warnings("classification", metrics) == []
    metrics = trained([[n, "abc"[n // 50 % 3]] for n in range(150)]).metrics
    assert metrics["baseline_balanced_accuracy"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("task", "cells"), [("classification", ["a", "b"]), ("regression", [0.5, 1.5])])
def test_noise_does_not_beat_its_baseline(task: Task, cells: list[object]) -> None:
    """Nothing follows from nothing: the warning has both figures."""
    picked = SEEDED.integers(0, 2, 200).tolist()
    metrics = trained([[*row, cells[pick]] for row, pick in zip(NOISE, picked, strict=True)]).metrics
    (warning,) = warnings(task, metrics)
    assert warning.startswith("the model does not beat its baseline: its ")
    assert ("standard error" in warning) == (task == "classification")


@pytest.mark.parametrize(
    ("measured", "error", "beats"), [(0.5, 0.0, False), (0.51, 0.0, True), (0.6, 0.05, False), (0.61, 0.05, True)]
)
def test_luck_is_no_knowledge(measured: float, error: float, *, beats: bool) -> None:
    """Two standard errors above the baseline are more than luck."""
    metrics = {"balanced_accuracy": measured, "balanced_accuracy_error": error, "baseline_balanced_accuracy": 0.5}
    assert beats_baseline("classification", metrics) is beats
