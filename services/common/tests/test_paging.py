"""Cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatdb_common.paging import decode_cursor, encode_cursor
from chatdb_common.problems import ProblemDetails


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=3))
def test_cursor_comes_back(parts: list[str]) -> None:
    """Any position survives the way through a URL, without characters that it would have to escape."""
    cursor = encode_cursor(*parts)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor, len(parts)) == tuple(parts)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    """A cursor that nobody gave out is a problem, never a crash."""
    with pytest.raises(ProblemDetails) as caught:
        decode_cursor(text, 9)
    assert caught.value.status == 422
