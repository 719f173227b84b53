"""The ways a verb says no. Doors turn them into a sentence, a page or problem+json."""


class DomainError(Exception):
    """A request that cannot be carried out. `code` is stable for machines, `str()` is one sentence for people."""

    code = "refused"

    def __init__(self, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        if code:
            self.code = code


class NotFound(DomainError):
    """What was asked for is not on the roll."""

    code = "not_found"


class Conflict(DomainError):
    """It stands against something already recorded."""

    code = "conflict"


class Forbidden(DomainError):
    """The credential, token or user may not do this."""

    code = "forbidden"
