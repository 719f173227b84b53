"""Errors of rules and use cases. Entry points turn them into a sentence, a page or problem+json."""


class DomainError(Exception):
    """A request that cannot be carried out. `code` is stable for machines, `str()` is one sentence for people."""

    code = "refused"

    def __init__(self, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        if code:
            self.code = code


class OpenQuestion(DomainError):
    """Something that only a person can decide, and for the whole request: it is asked once, not for each row."""

    code = "open_question"

    def __init__(self, sentence: str, code: str | None = None, options: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, code)
        self.options = options  # answers, the likeliest first


class NotFound(DomainError):
    """The requested record does not exist."""

    code = "not_found"


class Conflict(DomainError):
    """The request conflicts with what is recorded."""

    code = "conflict"


class Forbidden(DomainError):
    """The credential, token or user may not do this."""

    code = "forbidden"
