"""Why a question is not turned into SQL, in words for the person who asked."""


class NotUnderstood(Exception):
    """The question is refused: what of it could not be read, and what could be asked instead."""

    def __init__(self, reason: str, *, unresolved: tuple[str, ...] = (), suggestions: tuple[str, ...] = ()) -> None:
        """`reason` is one sentence; `unresolved` are words of the question."""
        super().__init__(reason)
        self.reason = reason
        self.unresolved = unresolved
        self.suggestions = suggestions


class Unanswerable(NotUnderstood):
    """One reading is understood and has no query: the question is refused, whatever its other readings say."""
