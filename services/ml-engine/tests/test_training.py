"""From real data sets in a real S3 server to models that predict, without Kafka."""

import csv
import io
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet
import pytest
from object_store_server import StoreSettings, troubled

from chatdb_common import object_store
from chatdb_common.messages import Task
from ml_engine import csv_text, datasets, memory, preparation, training
from ml_engine.domain import BadData, Frame, Hyperparameters, Trained
from ml_engine.limits import Limits

ROOMY = Limits(room=2**40)
QUICK = Hyperparameters(model="linear", folds=3)
Put = Callable[[str, bytes], str]


def learn(frame: Frame, target: str | None, task: Task | None, chosen: Hyperparameters) -> Trained:
    """As the training process does."""
    return training.train(preparation.prepare(frame, target, task), chosen)


@pytest.fixture(scope="module")
def store(object_store_settings: StoreSettings) -> Any:
    """A client of the server."""
    return object_store.connect(object_store_settings)


@pytest.fixture
def load(store: Any) -> Callable[[bytes], Frame]:
    """Put a data set into the store, and read it as a job does."""

    def loaded(body: bytes, key: str = "set.csv") -> Frame:
        store.put_object(Bucket="datasets", Key=key, Body=body)
        return datasets.read(store, f"s3://datasets/{key}", ROOMY)

    return loaded


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """As CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def houses(count: int = 80) -> list[tuple[Any, ...]]:
    """Size, town and price; the price follows from both."""
    seeded = random.Random(1)  # noqa: S311 - the same rows each time
    rows = []
    for _ in range(count):
        size, town = seeded.randint(20, 200), seeded.choice(["north", "south"])
        rows.append((size, town, size * 1000 + (50_000 if town == "north" else 0) + seeded.random()))
    return rows


def say(trained: Trained, numbers: Sequence[Sequence[float]], words: Sequence[Sequence[str]]) -> list[Any]:
    """What the stored bytes predict, loaded anew."""
    session = onnxruntime.InferenceSession(trained.onnx, providers=["CPUExecutionProvider"])
    given = training.inputs(session, np.asarray(numbers, dtype=np.float32), np.asarray(words, dtype=object))
    return list(session.run(None, given)[0].ravel().tolist())


def test_regression_is_learned_and_stored(load: Callable[[bytes], Frame]) -> None:
    """The last column is the target, numbers mean regression, and the stored model knows both features."""
    trained = learn(load(table(["size", "town", "price"], houses())), None, None, QUICK)
    assert (trained.signature.task, trained.signature.target) == ("regression", "price")
    assert trained.metrics["r2"] > 0.99
    north, south = say(trained, [[100], [100]], [["north"], ["south"]])
    assert north - south == pytest.approx(50_000, rel=0.1)


def test_classification_is_learned_and_stored(load: Callable[[bytes], Frame]) -> None:
    """Words mean classification; predictions are the words again."""
    rows = [(size, town, "dear" if price > 150_000 else "cheap") for size, town, price in houses()]
    trained = learn(load(table(["size", "town", "class"], rows)), "class", None, QUICK)
    assert trained.signature.task == "classification"
    assert trained.metrics["accuracy"] > 0.9
    assert say(trained, [[200], [20]], [["north"], ["south"]]) == ["dear", "cheap"]


def test_whole_numbers_that_come_often_are_classes(load: Callable[[bytes], Frame]) -> None:
    """0 and 1 are no amounts; and a job may say otherwise."""
    rows = [(size, int(size > 100)) for size, _, _ in houses()]
    frame = load(table(["size", "large"], rows))
    signature = learn(frame, None, None, QUICK).signature
    assert (signature.task, signature.whole) == ("classification", True)
    assert learn(frame, None, "regression", QUICK).signature.task == "regression"


def test_missing_and_unseen_values_are_no_obstacle(load: Callable[[bytes], Frame]) -> None:
    """Gaps in numbers and words are filled, what is infinite is one; an unseen word predicts something."""
    gaps = {0: "", 1: "inf", 2: "-Infinity"}
    rows = [(gaps.get(i % 9, s), "NaN" if i % 5 == 0 else t, p) for i, (s, t, p) in enumerate(houses())]
    trained = learn(load(table(["size", "town", "price"], rows)), None, None, QUICK)
    assert all(np.isfinite(say(trained, [[float("nan")], [50]], [[""], ["elsewhere"]])))


def test_parquet_is_read(store: Any) -> None:
    """With its types: numbers, words, yes and no."""
    size, town, price = zip(*houses(), strict=True)
    sink = io.BytesIO()
    columns = {"size": size, "town": town, "garden": [s % 2 == 0 for s in size], "price": price}
    pyarrow.parquet.write_table(pa.table({name: list(values) for name, values in columns.items()}), sink)
    store.put_object(Bucket="datasets", Key="set.parquet", Body=sink.getvalue())
    frame = datasets.read(store, "s3://datasets/set.parquet", ROOMY)
    assert (list(frame.numbers), list(frame.words), frame.rows) == (["size", "price"], ["town", "garden"], 80)


WORD = "x" * csv_text.BLOCK_BYTES


@pytest.mark.parametrize(
    ("columns", "options", "reason"),
    [
        ({"a": pa.array([WORD + str(n) for n in range(300)])}, {"compression": "zstd"}, "bytes of memory"),
        ({"a": pa.array([[1]] * 150)}, {}, "'a' is of type list"),
        ({"a": pa.array([{"n": 1}] * 150)}, {}, "'a' is of type struct"),
        ({"a": pa.array([WORD.encode()] * 150, pa.binary(len(WORD)))}, {}, "'a' is of type fixed_size_binary"),
        ({str(n): pa.array([1]) for n in range(201)}, {}, "201 columns"),
        ({"a": pa.array([1] * 200_001)}, {}, "200000 rows"),
        ({str(n): pa.array([1] * 200_000) for n in range(101)}, {}, "20000000 cells"),
    ],
)
def test_parquet_is_refused_before_it_is_decoded(
    store: Any, columns: dict[str, Any], options: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's end says what it would take."""
    put(store, columns, options)
    monkeypatch.delattr(pyarrow.parquet.ParquetFile, "iter_batches")
    with pytest.raises(BadData, match=reason):
        datasets.read(store, "s3://datasets/set.parquet", ROOMY)


def whole(columns: dict[str, Any]) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "can't be read"),
        (b"a,b\n1,x\n", "can't be read"),
        (whole({"a": list(range(1000))})[:-20], "can't be read"),
        (b"PAR1" + bytes(300) + whole({"a": list(range(1000))})[304:], "can't be read"),
        (whole({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), "no rows"),
        (whole({"a": [1, 2] * 20, "b": ["x"] * 40}), "one class only"),
        (whole({"a": [1, 2] * 20, "b": [float("nan")] * 40}), "only 0 rows"),
        (whole({"a": [float("nan"), None] * 20, "b": ["x", "y"] * 20}), "no column is left"),
        (whole({"a": [1, 2] * 20, "b": [b"\xff", b"\xfe"] * 20}), "of type binary"),
    ],
)
def test_bad_parquet_is_told_plainly(store: Any, body: bytes, reason: str) -> None:
    """As bad CSV is."""
    store.put_object(Bucket="datasets", Key="set.parquet", Body=body)
    with pytest.raises(BadData, match=reason):
        learn(datasets.read(store, "s3://datasets/set.parquet", ROOMY), None, None, QUICK)


def test_numbers_that_no_float_has_are_the_nearest(store: Any) -> None:
    """The same in both formats: numbers, not words."""
    numbers = [2**53 + 1, 2**63 + 5, 1]
    store.put_object(Bucket="datasets", Key="set.parquet", Body=whole({"a": pa.array(numbers, pa.uint64())}))
    store.put_object(Bucket="datasets", Key="set.csv", Body=table(["a"], [[number] for number in numbers]))
    for key in ("set.parquet", "set.csv"):
        frame = datasets.read(store, f"s3://datasets/{key}", ROOMY)
        assert [float(number) for number in frame.numbers["a"]] == [float(number) for number in numbers], key


def test_long_word_that_comes_often_is_kept_once(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of some kilobytes that stands for 150 MiB of words takes a few."""
    often = WORD + "z"
    put(store, {"a": pa.array([often, "y"] * 75), "b": pa.array(range(150))}, {"compression": "zstd"})
    before = pa.total_allocated_bytes()
    pool = pa.default_memory_pool()
    highest: list[int] = []
    refuse = Limits.refuse

    def noted(self: Limits, **sizes: int) -> None:
        highest.append(pool.bytes_allocated() - before)
        refuse(self, **sizes)

    monkeypatch.setattr(Limits, "refuse", noted)
    frame = datasets.read(store, "s3://datasets/set.parquet", ROOMY)
    assert max(highest) < 20 * len(often)
    assert frame.words["a"].tolist() == [often, "y"] * 75
    assert len({id(word) for word in frame.words["a"]}) == 2


PEAK = """
import sys
from pathlib import Path
from memory import peak
from ml_engine import datasets, parquet_files, preparation, tables, training
from ml_engine.domain import DataSet, Hyperparameters
from ml_engine.limits import Limits

for path in sys.argv[1:]:
    before = peak()
    limits = Limits(room=2**40)
    table = datasets._table(parquet_files.batches(Path(path).read_bytes(), limits), limits)
    frame = tables.frame(table, ".", DataSet(sha256="", read_as="Parquet"))
    del table
    examples = preparation.prepare(frame, None, "regression")
    del frame
    training.train(examples, Hyperparameters(model="linear", folds=2))
print(peak() - before)
"""


def test_largest_data_set_fits_the_memory_limit(tmp_path: Path) -> None:
    """What a tenth of it takes, by ten, is less than three quarters of 2 GiB."""
    columns, rows = 40, memory.MOST_CELLS // 10 // 40
    seeded = np.random.default_rng(1)
    numbers = {f"n{n}": seeded.normal(size=rows) for n in range(columns // 2)}
    words = {f"w{n}": np.array(["a", "bb", "ccc"], dtype=object)[seeded.integers(0, 3, rows)] for n in numbers}
    made = pa.table(words | numbers)
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    # The first one is for what the process takes anyway.
    pyarrow.parquet.write_table(made[:1000], first)
    pyarrow.parquet.write_table(made, second)
    line = [sys.executable, "-c", PEAK, str(first), str(second)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(line, env=env, check=True, capture_output=True, text=True, timeout=300)
    assert 10 * int(done.stdout) < 1536 * 1024 * 1024


def put(store: Any, columns: dict[str, Any], options: dict[str, Any]) -> None:
    """As the Parquet file of a job."""
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), sink, **options)
    store.put_object(Bucket="datasets", Key="set.parquet", Body=sink.getvalue())


def test_same_job_makes_the_same_model(load: Callable[[bytes], Frame]) -> None:
    """A job that is done twice gives the same bytes: its version can be registered twice."""
    frame = load(table(["size", "town", "price"], houses(30)))
    forest = Hyperparameters(model="forest", folds=2, trees=5)
    first, second = (learn(frame, None, None, forest) for _ in range(2))
    assert (first.onnx, first.metrics) == (second.onnx, second.metrics)


def test_forest_of_whole_numbers_is_stored(load: Callable[[bytes], Frame]) -> None:
    """A number that lies on a tree's threshold goes the same way in the stored model as in the trained one."""
    seeded = np.random.default_rng(0)
    frame = load(table(["a", "b", "amount"], seeded.integers(0, 100, (200, 3)).tolist()))
    forest = Hyperparameters(model="forest", folds=2, trees=10)
    assert learn(frame, None, None, forest).signature.task == "regression"


def test_fold_may_be_one_row(load: Callable[[bytes], Frame]) -> None:
    """What is measured is all rows together: of one alone there is no r2, and of two that are alike a useless one."""
    chosen = Hyperparameters(model="linear", folds=10)
    for rows in (10, 19):
        trained = learn(load(table(["size", "town", "price"], houses(rows))), None, "regression", chosen)
        assert 0.5 < trained.metrics["r2"] <= 1, rows


@pytest.mark.parametrize("model", ["linear", "forest"])
def test_column_that_some_folds_have_no_value_of(
    load: Callable[[bytes], Frame], model: Literal["linear", "forest"]
) -> None:
    """It is the only one: what is trained on other rows has nothing to learn from, and says so by its metrics."""
    # Both rows are in the first fold.
    rows = [(n if n in {2, 8} else "", n * n) for n in range(10)]
    trained = learn(load(table(["a", "b"], rows)), None, "regression", Hyperparameters(model=model, folds=2))
    assert all(map(np.isfinite, trained.metrics.values()))


def test_outlier_beyond_32_bits_of_its_fold(load: Callable[[bytes], Frame]) -> None:
    """A number is scaled by those of other folds: a forest takes any, a linear model is told what is wrong."""
    frame = load(table(["a", "b"], [(1e30 if n == 3 else n * 1e-25, n) for n in range(20)]))
    assert learn(frame, None, "regression", Hyperparameters(model="forest", trees=5)).metrics["r2"] <= 1
    with pytest.raises(BadData, match="differ too much in size, or too little: scale them, or remove outliers"):
        learn(frame, None, "regression", QUICK)


@pytest.mark.parametrize("model", ["linear", "forest"])
def test_numbers_that_are_too_small_to_be_scaled(
    load: Callable[[bytes], Frame], model: Literal["linear", "forest"]
) -> None:
    """Their deviation is next to nothing: what is divided by it is infinite."""
    frame = load(table(["a", "b"], [(1.4e-45 if n % 8 == 0 else 0, n % 2) for n in range(32)]))
    with pytest.raises(BadData, match="differ too much in size, or too little"):
        learn(frame, None, None, Hyperparameters(model=model, folds=2))


@pytest.mark.parametrize(
    ("body", "target", "reason"),
    [
        (b"", None, "can't be read"),
        (b"a,b\n", None, "no rows"),
        (b"a,b\n" + b"1,x\n" * 20, None, "one class only"),
        (b"a,b\n" + b"1,x\n2,y\n" * 20, "c", "no column 'c'"),
        (b"a,b\n" + b"1,\n2,\n" * 20, None, "only 0 rows"),
        (b"a,b\n1,x\n2,y\n", None, "only 2 rows"),
        (b"a,b\n" + b"1,x\n2,y\n" * 20 + b"3,z\n", None, "class 'z'"),
        (b"a,b\n" + b"1,x\n2\n" * 20, None, "can't be read"),
        (b"a,a\n" + b"1,x\n2,y\n" * 20, None, "there twice"),
        (b"b\n" + b"x\ny\n" * 20, None, "no column is left"),
        (b"a,b\n1," + b"x" * 3_000_000 + b"\n", None, "can't be read"),
        (b"\xff\xfe\x00\x01" * 100, None, "can't be read"),
        (b"a\xff,b\n" + b"1,x\n2,y\n" * 20, None, "can't be read"),
        (b"a,b\n" + b"1,x\n2,y\xff\n" * 20, None, "can't be read"),
        (b'a,b\n1,"' + b"x,y\n" * 1_000_000, None, "can't be read"),
        (b"a,b\n" + b"1e31,x\n2,y\n" * 20, None, "'a' has numbers that are too large: 1e.30 is the largest; scale"),
        (b"a,b\n" + b"3e38,1\n-3e38,2\n" * 20, None, "column 'a' has numbers that are too large"),
        (b"a,b\n" + b"".join(b"%d,%de36\n" % (n, n) for n in range(40)), None, "'b' has numbers that are too large"),
        (
            b"a,b\n" + b"".join(b"%d,-%d.5e300\n" % (n, n) for n in range(40)),
            None,
            "column 'b' has numbers that are too",
        ),
        (b"a,b\n" + b"1,nan\n2,NaN\n" * 20, None, "only 0 rows"),
        (b"a,b\n" + b"NaN,x\nnan,y\n" * 20, None, "no column is left"),
        (b"a,b\n" + b"".join(b"%d,w%d\n" % (n, n) for n in range(200)), None, "200 classes"),
    ],
)
def test_bad_data_is_told_plainly(load: Callable[[bytes], Frame], body: bytes, target: str | None, reason: str) -> None:
    """The reason names what is wrong; nothing else is raised."""
    with pytest.raises(BadData, match=reason):
        learn(load(body), target, None, QUICK)


def test_model_that_could_not_be_loaded_is_not_stored(
    load: Callable[[bytes], Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job fails with what helps."""
    monkeypatch.setattr(training, "MOST_ARTIFACT_BYTES", 500)
    with pytest.raises(BadData, match="fewer trees"):
        learn(load(table(["size", "town", "price"], houses())), None, None, QUICK)


def test_words_are_no_regression(load: Callable[[bytes], Frame]) -> None:
    """What a job asks for has to be possible."""
    with pytest.raises(BadData, match="needs numbers"):
        learn(load(b"a,b\n" + b"1,x\n2,y\n" * 20), None, "regression", QUICK)


@pytest.mark.parametrize("location", ["s3://datasets/nowhere.csv", "s3://no-such-bucket/x.csv", "file:///etc/passwd"])
def test_data_set_that_is_not_there(store: Any, location: str) -> None:
    """Another place than S3, or nothing there: bad data, and no error of a library."""
    with pytest.raises(BadData):
        datasets.read(store, location, ROOMY)


@pytest.mark.parametrize("key", ["set.csv", "set.parquet"])
def test_data_set_that_is_too_large_is_not_fetched(store: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store says how large it is before the first byte comes."""
    body = table(["a", "b"], [(1, "x"), (2, "y")] * 50)
    store.put_object(Bucket="datasets", Key=key, Body=body)
    monkeypatch.setattr(datasets, "MOST_BYTES", len(body) - 1)
    monkeypatch.setattr(datasets, "_table", lambda *_: pytest.fail("fetched"))
    with pytest.raises(BadData, match=f"has {len(body)} bytes, and {len(body) - 1} are the most"):
        datasets.read(store, f"s3://datasets/{key}", ROOMY)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 500 Error\r\nConnection: close\r\n\r\n<Error><Code>InternalError</Code></Error>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\nsize,town,large\n1,north,yes\n",
    ],
)
def test_store_in_trouble_is_no_fault_of_the_data(answer: bytes) -> None:
    """An error of the store and an answer that breaks off are told from bad data."""
    with troubled(answer) as settings, pytest.raises(object_store.TRANSIENT):
        datasets.read(object_store.connect(settings), "s3://datasets/job.csv", ROOMY)
