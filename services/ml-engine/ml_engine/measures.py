"""By what models are compared: with who knows no features, and with each other."""

from collections.abc import Mapping

from chatdb_common.messages import Task

MEASURE: Mapping[Task, str] = {"classification": "balanced_accuracy", "regression": "r2"}
"""By what two models of a task are compared. Where nearly all rows are of one class, who always says that class is
accurate; the balanced accuracy counts each class alike."""
BASELINE = "baseline_"
"""What a metric's name begins with that is of the baseline."""
ERROR = "_error"
"""What the name of a metric's standard error ends with."""
ERRORS = 2
"""So many standard errors are more than luck."""


def has_baseline(task: Task, metrics: Mapping[str, float]) -> bool:
    """Whether the metrics are of a release that measures baselines."""
    return BASELINE + MEASURE[task] in metrics


def beats_baseline(task: Task, metrics: Mapping[str, float]) -> bool:
    """Whether the model knows more of the target than its most frequent class, or its mean; not if that is unknown."""
    measure = MEASURE[task]
    return has_baseline(task, metrics) and metrics[measure] > metrics[BASELINE + measure] + ERRORS * metrics.get(
        measure + ERROR, 0.0
    )


def warnings(task: Task, metrics: Mapping[str, float]) -> list[str]:
    """What somebody has to know who reads the metrics."""
    if beats_baseline(task, metrics):
        return []
    measure = MEASURE[task]
    error = f" (standard error {metrics[measure + ERROR]:.3f})" if measure + ERROR in metrics else ""
    always = "the most frequent class" if task == "classification" else "the mean"
    figure, baseline = metrics[measure], metrics[BASELINE + measure]
    said = f"the model does not beat its baseline: its {measure} is {figure:.3f}{error}"
    return [f"{said}, and that of always predicting {always} is {baseline:.3f}"]
