"""The ways a verb says no. Doors turn them into a sentence, a page or problem+json."""


class Refusal(Exception):
    """A request that cannot be carried out. `code` is stable for machines, `str()` is one sentence for people."""

    code = "refused"

    def __init__(self, sentence: str, code: str | None = None) -> None:
        super().__init__(sentence)
        if code:
            self.code = code


class NotFound(Refusal):
    """What was asked for is not on the roll."""

    code = "not_found"


class Conflict(Refusal):
    """It stands against something already recorded."""

    code = "conflict"


class Forbidden(Refusal):
    """The credential, token or user may not do this."""

    code = "forbidden"
