"""From a data set to a model: the task, the features, the better of two estimators by cross-validation, and ONNX."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chatdb_common.messages import Task
from ml_engine.domain import (
    MEASURE,
    MOST_ARTIFACT_BYTES,
    BadData,
    Frame,
    Hyperparameters,
    Numbers,
    Signature,
    Trained,
    Words,
    inputs,
)

FEWEST_ROWS = 10
MOST_CLASSES = 50
# Columns of words with more different ones tell rows apart and teach nothing.
MOST_CATEGORIES = 100
# Whole numbers are classes where there are few of them, and each comes often.
FEW_NUMBERS, ROWS_PER_NUMBER = 20, 5
# Sums over all rows have to fit 32 bits.
LARGEST = 1e30
# How near the exported model has to be to the trained one.
SAMPLE, AGREEMENT, TOLERANCE = 1000, 0.99, 1e-3


@dataclass(frozen=True)
class Examples:
    """Features and target, row by row; a word is its place in its column's `categories`, which takes four bytes."""

    features: Numbers
    categories: Sequence[Words]
    target: NDArray[Any]
    signature: Signature

    @property
    def numbers(self) -> int:
        """How many columns, the first ones, hold numbers."""
        return len(self.signature.numbers)

    def sample(self) -> tuple[Numbers, Words]:
        """Numbers and words of the first rows, as a stored model takes them."""
        first = self.features[:SAMPLE]
        words = [known[first[:, self.numbers + i].astype(int)] for i, known in enumerate(self.categories)]
        return first[:, : self.numbers], np.column_stack(words) if words else np.empty((len(first), 0), dtype=object)


def train(examples: Examples, hyperparameters: Hyperparameters) -> Trained:
    """The model. BadData where the data can't teach one."""
    candidates = ["linear", "forest"] if hyperparameters.model is None else [hyperparameters.model]
    measure = MEASURE[examples.signature.task]
    scores = {name: _cross_validate(name, examples, hyperparameters) for name in candidates}
    best = max(candidates, key=lambda name: scores[name][measure])
    model = pipeline(best, examples, hyperparameters)
    model.fit(examples.features, examples.target)
    onnx = _export(model, examples)
    return Trained(onnx, examples.signature, {**scores[best], "rows": float(len(examples.target))})


def prepare(frame: Frame, target: str | None, task: Task | None) -> Examples:
    """Which column is learned from which; rows without a target are left out."""
    name = frame.order[-1] if target is None else target
    if name not in frame.order:
        raise BadData(f"there is no column {name!r}; there are: {', '.join(frame.order)[:500]}")
    wanted: NDArray[Any] = frame.numbers[name] if name in frame.numbers else frame.words[name]
    there = ~np.isnan(wanted) if name in frame.numbers else wanted != ""
    wanted = wanted[there]
    if len(wanted) < FEWEST_ROWS:
        raise BadData(
            f"only {len(wanted)} rows have a value in {name!r}, and {FEWEST_ROWS} are the fewest to learn from"
        )
    task = task or _task(wanted)
    whole = task == "classification" and wanted.dtype != object and bool((wanted == np.round(wanted)).all())
    values = _classes(name, wanted, whole=whole) if task == "classification" else _amounts(name, wanted)
    numbers = [key for key, column in frame.numbers.items() if key != name and not np.isnan(column[there]).all()]
    words = [key for key, column in frame.words.items() if key != name and _teaches(column[there])]
    if not numbers and not words:
        raise BadData("no column is left to learn from")
    signature = Signature(numbers, words, name, task, whole=whole)
    return Examples(*_features(frame, signature, there), values, signature)


def _features(frame: Frame, signature: Signature, there: NDArray[np.bool_]) -> tuple[Numbers, list[Words]]:
    made = np.empty((int(there.sum()), len(signature.numbers) + len(signature.words)), dtype=np.float32)
    categories = []
    for place, name in enumerate(signature.numbers):
        made[:, place] = _fitting(name, frame.numbers[name][there])
    for place, name in enumerate(signature.words, len(signature.numbers)):
        known, made[:, place] = np.unique(frame.words[name][there], return_inverse=True)
        categories.append(known)
    return made, categories


def _fitting(name: str, column: NDArray[np.float64]) -> NDArray[np.float64]:
    if (np.abs(column) > LARGEST).any():
        raise BadData(
            f"column {name!r} has numbers that are too large: {LARGEST:g} is the largest; scale or remove them"
        )
    return column


def _teaches(column: Words) -> bool:
    return 1 < len(set(column)) <= MOST_CATEGORIES


def _task(target: NDArray[Any]) -> Task:
    if target.dtype == object:
        return "classification"
    if not (target == np.round(target)).all():
        return "regression"
    different = len(np.unique(target))
    few = different <= FEW_NUMBERS and len(target) >= different * ROWS_PER_NUMBER
    return "classification" if few else "regression"


def _classes(name: str, target: NDArray[Any], *, whole: bool) -> NDArray[np.str_]:
    texts = [str(int(value)) if whole else str(value) for value in target]
    counts = Counter(texts)
    if len(counts) < 2:  # noqa: PLR2004 - one class is none to tell apart
        raise BadData(f"column {name!r} has one class only, {next(iter(counts))!r}: there is nothing to tell apart")
    if len(counts) > MOST_CLASSES:
        raise BadData(f"column {name!r} has {len(counts)} classes, and {MOST_CLASSES} are the most")
    rare = [value for value, count in counts.items() if count == 1]
    if rare:
        raise BadData(f"class {rare[0]!r} of column {name!r} has one row only: it can't be learned and tested")
    return np.asarray(texts)


def _amounts(name: str, target: NDArray[Any]) -> NDArray[np.float64]:
    if target.dtype == object:
        raise BadData(f"column {name!r} holds words, and a regression needs numbers")
    if len(np.unique(target)) < 2:  # noqa: PLR2004 - see above
        raise BadData(f"column {name!r} has the same value in every row")
    return _fitting(name, target.astype(np.float64))


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
        model = pipeline(kind, examples, chosen).fit(features[learn], target[learn])
        # Scaled by the other rows, a number may be infinite: it is large to a tree.
        with sklearn.config_context(assume_finite=True):
            said[test] = model.predict(features[test])
    if not classification and not np.isfinite(said).all():
        raise BadData("the numbers of a column differ too much in size: scale them, or remove outliers")
    return _metrics(target, said, classification=classification)


def _metrics(truth: NDArray[Any], said: NDArray[Any], *, classification: bool) -> dict[str, float]:
    if classification:
        return {
            "accuracy": float(accuracy_score(truth, said)),
            "f1_macro": float(f1_score(truth, said, average="macro", zero_division=0)),
        }
    return {
        "r2": float(r2_score(truth, said)),
        "mae": float(mean_absolute_error(truth, said)),
        "rmse": float(root_mean_squared_error(truth, said)),
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
