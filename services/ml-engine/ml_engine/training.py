"""From a data set to a model: the task, the features, the better of two estimators by cross-validation, and ONNX."""

from collections import Counter
from typing import Any

import numpy as np
import onnxruntime
import sklearn
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chatdb_common.messages import Task
from ml_engine.domain import MOST_ARTIFACT_BYTES, BadData, Hyperparameters, Trained, inputs
from ml_engine.measures import BASELINE, ERROR, MEASURE
from ml_engine.preparation import SAMPLE, Examples

# How near the exported model has to be to the trained one.
AGREEMENT, TOLERANCE = 0.99, 1e-3
UNSCALABLE = "the numbers of a column differ too much in size, or too little: scale them, or remove outliers"


def train(examples: Examples, hyperparameters: Hyperparameters) -> Trained:
    """The model. BadData where the data can't teach one."""
    candidates = ["linear", "forest"] if hyperparameters.model is None else [hyperparameters.model]
    measure = MEASURE[examples.signature.task]
    scores = {name: _cross_validate(name, examples, hyperparameters) for name in candidates}
    best = max(candidates, key=lambda name: scores[name][measure])
    model = _fitted(best, examples, hyperparameters, slice(None))
    onnx = _export(model, examples)
    metrics = scores[best] | _baseline(examples.target, examples.signature.task)
    return Trained(onnx, examples.signature, {**metrics, "rows": float(len(examples.target))})


def pipeline(kind: str, examples: Examples, chosen: Hyperparameters) -> Pipeline:
    """The steps that are trained: missing values, words, and the estimator of that kind."""
    numbers, words = examples.numbers, len(examples.categories)
    steps: list[tuple[str, Any, list[int]]] = []
    if numbers:
        # Each works on the copy of these columns that the transformer has made.
        imputer, scaler = _imputer(), StandardScaler(copy=False)
        numeric = Pipeline([("impute", imputer), ("scale", scaler)])
        steps.append(("numbers", numeric, list(range(numbers))))
    if words:
        encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float32)
        steps.append(("words", encoder, list(range(numbers, numbers + words))))
    return Pipeline([("features", ColumnTransformer(steps)), ("model", _estimator(kind, examples, chosen))])


def _fitted(kind: str, examples: Examples, chosen: Hyperparameters, rows: slice | NDArray[np.int64]) -> Pipeline:
    try:
        return pipeline(kind, examples, chosen).fit(examples.features[rows], examples.target[rows])
    except ValueError as error:
        # What was finite is not when it is scaled.
        if not str(error).startswith("Input X contains"):
            raise
        raise BadData(UNSCALABLE) from None


def _imputer() -> SimpleImputer:
    # The rows that a fold learns from may have no value of a column, and it may be the only one.
    return SimpleImputer(strategy="median", keep_empty_features=True, copy=False)


def _estimator(kind: str, examples: Examples, chosen: Hyperparameters) -> Any:
    classification = examples.signature.task == "classification"
    if kind == "linear":
        return LogisticRegression(max_iter=1000) if classification else Ridge()
    forest = RandomForestClassifier if classification else RandomForestRegressor
    return forest(n_estimators=chosen.trees, max_depth=chosen.max_depth, random_state=chosen.seed, n_jobs=1)


def _cross_validate(kind: str, examples: Examples, chosen: Hyperparameters) -> dict[str, float]:
    """The metrics of what each fold's model says of the rows that it has not seen, all rows together."""
    features, target = examples.features, examples.target
    classification = examples.signature.task == "classification"
    folds = min(chosen.folds, *Counter(target.tolist()).values()) if classification else chosen.folds
    splitter = (StratifiedKFold if classification else KFold)(folds, shuffle=True, random_state=chosen.seed)
    # A fold alone may be a single row, of which there is no r2.
    said = np.empty_like(target)
    for learn, test in splitter.split(features, target):
        model = _fitted(kind, examples, chosen, learn)
        # Scaled by the other rows, a number may be infinite: it is large to a tree.
        with sklearn.config_context(assume_finite=True):
            said[test] = model.predict(features[test])
    if not classification and not np.isfinite(said).all():
        raise BadData(UNSCALABLE)
    return _metrics(target, said, classification=classification)


def _baseline(target: NDArray[Any], task: Task) -> dict[str, float]:
    """The metrics of who knows no features: the most frequent class for each row, or the mean."""
    classification = task == "classification"
    always = Counter(target.tolist()).most_common(1)[0][0] if classification else float(np.mean(target))
    measured = _metrics(target, np.full_like(target, always), classification=classification)
    return {BASELINE + name: value for name, value in measured.items() if not name.endswith(ERROR)}


def _metrics(truth: NDArray[Any], said: NDArray[Any], *, classification: bool) -> dict[str, float]:
    if not classification:
        return {
            "r2": float(r2_score(truth, said)),
            "mae": float(mean_absolute_error(truth, said)),
            "rmse": float(root_mean_squared_error(truth, said)),
        }
    counts = confusion_matrix(truth, said)
    rows = counts.sum(axis=1)
    recalls = counts.diagonal() / rows
    return {
        "accuracy": float(accuracy_score(truth, said)),
        "balanced_accuracy": float(np.mean(recalls)),
        "balanced_accuracy" + ERROR: float(np.sqrt(np.sum(recalls * (1 - recalls) / rows)) / len(rows)),
        "f1_macro": float(f1_score(truth, said, average="macro", zero_division=0)),
    }


def _export(model: Pipeline, examples: Examples) -> bytes:
    """The model as ONNX, which says the same as the trained one; BadData where it does not."""
    expected = model.predict(examples.features[:SAMPLE])
    types = []
    if examples.numbers:
        types.append(("numbers", FloatTensorType([None, examples.numbers])))
    if examples.categories:
        types.append(("words", StringTensorType([None, len(examples.categories)])))
        # What is stored takes words, not their places; both have the same order.
        model["features"].named_transformers_["words"].categories_ = list(examples.categories)
    classification = examples.signature.task == "classification"
    # A factor is rounded otherwise than the division, and takes a number that lies on a tree's threshold beyond it.
    options: dict[Any, dict[str, Any]] = {StandardScaler: {"div": "div"}}
    if classification:
        options[id(model)] = {"zipmap": False}
    made = to_onnx(model, initial_types=types, options=options, target_opset={"": 17, "ai.onnx.ml": 3})
    onnx: bytes = made.SerializeToString()
    if len(onnx) > MOST_ARTIFACT_BYTES:
        raise BadData(f"the model has {len(onnx)} bytes, and {MOST_ARTIFACT_BYTES} are the most: fewer trees take less")
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    said = session.run(None, inputs(session, *examples.sample()))[0].ravel()
    if classification:
        near = float(np.mean(said == expected)) >= AGREEMENT
    else:
        near = bool(np.allclose(said, expected, rtol=TOLERANCE, atol=TOLERANCE * float(np.std(examples.target))))
    if not near:
        raise BadData("the model can't be stored exactly: scale the columns with very large or very small numbers")
    return onnx
