"""Whatever people have in a CSV: each column is accounted for, and a row predicts what it has taught."""

import csv
import io
from datetime import date, timedelta

import numpy as np
import onnxruntime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import frame

from ml_engine import preparation, training
from ml_engine.domain import BadData, Hyperparameters, inputs
from ml_engine.instances import arrays
from ml_engine.reading import number, trimmed
from ml_engine.signature import Signature

QUICK = Hyperparameters(model="linear", folds=2)
DAY = date(2026, 1, 1)
WHOLE = st.integers(-(10**6), 10**6)
PARTS = st.decimals(-1000, 1000, places=2)
DAYS = st.integers(0, 2000).map(lambda n: DAY + timedelta(days=n))
SPECIAL = st.sampled_from(["", " ", "NA", "NaN", "-inf", "?", "0", "007", "1,5", "1.234", "1e400", "true", "'", "%"])
WORDS = st.sampled_from(
    ["north", "south ", " East", "Süd", "a;b", "x\ty", 'say "no"', "two\nlines", "\u00a0wide\u2003"]
)
KINDS: list[st.SearchStrategy[str]] = [
    WHOLE.map(str),
    WHOLE.map(lambda n: f"{n:,}"),
    WHOLE.map(lambda n: f"{n:,}".replace(",", ".")),
    PARTS.map(str),
    PARTS.map(lambda n: str(n).replace(".", ",")),
    PARTS.map(lambda n: f"{n} %"),
    st.floats(allow_nan=True, allow_infinity=True, width=32).map(repr),
    st.integers(0, 20).map(lambda n: f"{n:05}"),
    DAYS.map(str),
    DAYS.map(lambda day: f"{day:%d.%m.%Y}"),
    DAYS.map(lambda day: f"{day:%m/%d/%Y} 0{day.day % 10}:15"),
    st.sampled_from(["yes", "No", "YES", "no "]),
    st.sampled_from(["true", "False"]),
    WORDS,
    st.text(max_size=6),
    st.just("7"),
    SPECIAL,
]
NAMES = st.sampled_from(["id", "size", " town", "price (€)", "day", "order no", "a,b", "x\ny", "Ünïcode", "user_id"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Names, and rows of columns of a kind each, some with values of another one."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    count = draw(st.integers(10, 30))
    columns = []
    for _ in names:
        kind = draw(st.sampled_from(KINDS))
        cell = draw(st.sampled_from([kind, kind, kind | st.just(""), kind | SPECIAL]))
        columns.append(draw(st.lists(cell, min_size=count, max_size=count)))
    # Most targets can be learned.
    classes, amounts = [f"class {n % 2}" for n in range(count)], [str(n * n + 0.5) for n in range(count)]
    columns[-1] = draw(st.sampled_from([columns[-1], classes, amounts]))
    return names, [list(row) for row in zip(*columns, strict=True)]


def encoded(names: list[str], rows: list[list[str]], delimiter: str, encoding: str) -> bytes:
    """As a file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    return text.getvalue().encode(encoding)


def instances(signature: Signature, names: list[str], rows: list[list[str]]) -> list[dict[str, str]]:
    """The rows that have taught, as they are written in the file."""
    reading = signature.columns[-1].reading
    assert reading
    made = []
    for row in rows:
        *cells, target = row
        decimal = reading.decimal
        if trimmed(target) and not (decimal and np.isnan(number(trimmed(target), decimal) or 0)):
            made.append(dict(zip((name.strip() for name in names), cells, strict=False)))
    return made


def is_learned(names: list[str], rows: list[list[str]], delimiter: str, encoding: str) -> bool:
    """Whether it is learned from; where it is, each column is accounted for, and each row says what it has taught."""
    try:
        read = frame(encoded(names, rows, delimiter, encoding))
        examples = preparation.prepare(read, None, None)
    except BadData:
        return False
    assert [column.name for column in examples.signature.columns] == [name.strip() for name in names]
    numbers, words = arrays(examples.signature, instances(examples.signature, names, rows))
    taught_numbers, taught_words = examples.sample()
    np.testing.assert_array_equal(numbers, taught_numbers)
    np.testing.assert_array_equal(words, taught_words)
    try:
        trained = training.train(examples, QUICK)
    except BadData:
        return False
    model = training.pipeline("linear", examples, QUICK).fit(examples.features, examples.target)
    session = onnxruntime.InferenceSession(trained.onnx, providers=["CPUExecutionProvider"])
    said, expected = session.run(None, inputs(session, numbers, words))[0].ravel(), model.predict(examples.features)
    if examples.signature.task == "classification":
        assert said.tolist() == expected.tolist()
    else:
        scale = training.TOLERANCE * float(np.std(examples.target))
        np.testing.assert_allclose(said, expected, rtol=training.TOLERANCE, atol=scale)
    return True


def test_any_table() -> None:
    """It is refused with a sentence, or learned from, which is so for most of them."""
    learned = []

    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    @given(tables(), st.sampled_from(",;\t|"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    def check(table: tuple[list[str], list[list[str]]], delimiter: str, encoding: str) -> None:
        learned.append(is_learned(*table, delimiter, encoding))

    check()
    assert sum(learned) > len(learned) / 2
