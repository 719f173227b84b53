"""What only the person who imports a file can decide: each question once, with its answers, the likeliest first."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from musterroll.domain.values.errors import DomainError, OpenQuestion
from musterroll.readers.cells import heading_key
from musterroll.readers.columns import Heading
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentKind
from musterroll.readers.sources import detect, other_kind
from musterroll.readers.table import NeedsChoice

_ORDERS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
_NUMBERS = {"1,000.00": "1,000.00", "1.000,00": "1.000,00"}
_ANSWERS = {"dates": _ORDERS, "numbers": _NUMBERS}
_ASKED = {  # of a choice that a file needs before it can be read
    "sheet": "Which of these tables holds the {records}?",
    "encoding": "In which encoding do these words read well?",
    "column": "Which column is the {field}?",
}
_MOST_WORDS = 50


class Answer(NamedTuple):
    """`value` as the choice takes it, and what it is called."""

    value: str
    label: str


class Question(NamedTuple):
    """`about`: the choice that answers it (sheet, encoding, dates, numbers, zone, currency, column, word, kind, guesses). `subject`: the
    field or word it is about. Without answers to choose from, the person writes one; `given`: also a value for the whole file answers it.
    """

    about: str
    subject: str
    text: str
    answers: tuple[Answer, ...] = ()
    given: bool = False
    likely: bool = False  # the first answer is a proposal


def open_questions(document: Document) -> list[Question]:
    """Of a file that can be read: what some of its rows wait for."""
    return [*_about_decisions(document), *_about_words(document), *_about_guesses(document)]


def _about_decisions(document: Document) -> Iterator[Question]:
    """One question of each kind: the answer is for the whole file."""
    asked = {decision.about: decision for decision in reversed(document.decisions) if not decision.choice}
    for about, decision in asked.items():
        where = f"{decision.cell.strip()[:40]!r} in row {decision.line}, column {decision.heading}"
        if about == "zone":
            yield Question(about, "", f"Which time zone are times such as {where} in?")
        elif about in _ANSWERS:
            answers = tuple(Answer(value, label) for value, label in _ANSWERS[about].items() if about != "dates" or value != "ymd")
            yield Question(about, "", f"How are {about} such as {where} written?", answers)


def _about_words(document: Document) -> Iterator[Question]:
    for word in document.words[:_MOST_WORDS]:
        if word.field:
            answers = tuple(Answer(meaning, meaning) for meaning in word.meanings)
            rows = "1 row" if word.rows == 1 else f"{word.rows:,} rows"
            yield Question("word", word.word, f"What does the {word.field} {word.word!r} mean ({rows})?", answers)


def _about_guesses(document: Document) -> Iterator[Question]:
    for guess in document.guesses:
        text = f"Is the column {guess.heading!r} the {guess.field.label}? {guess.reason[:1].upper()}{guess.reason[1:]}"
        yield Question("column", guess.field.name, text, (Answer(guess.heading, "Yes"),))


def blocking_questions(kind: DocumentKind, error: DomainError, headings: Iterable[Heading], given: Iterable[str]) -> list[Question]:
    """Of a file that cannot be read as it is, what would make it readable. Empty: the error says what is to be done with the file."""
    if isinstance(error, NeedsChoice):
        label = kind.label(error.subject)
        text = _ASKED.get(error.field, str(error)).format(records=kind.title.lower(), field=label)
        return [Question(error.field, error.subject, text, tuple(map(Answer, error.options, error.labels)))]
    if isinstance(error, OpenQuestion) and error.options:
        return [Question("currency", "", f"{str(error).split(': ')[0]}.", tuple(Answer(code, code) for code in error.options))]
    headings = list(headings)
    return list(_another_kind(kind, headings)) or list(_missing_columns(kind, headings, given))


def _another_kind(kind: DocumentKind, headings: list[Heading]) -> Iterator[Question]:
    keys = _keys(headings)
    other = None if detect(kind.name, keys) else other_kind(kind.name, keys)
    if other:
        answers = tuple(Answer(name, name.replace("-", " ").capitalize()) for name in other.kinds.split())
        yield Question("kind", "", f"This looks like {other.name}. Import it as", answers)


def _missing_columns(kind: DocumentKind, headings: list[Heading], given: Iterable[str]) -> Iterator[Question]:
    """The likeliest column is the first answer, then those that nothing else is read from, then those of optional fields."""
    source = detect(kind.name, _keys(headings))
    known = {*(heading.field for heading in headings), *given, *kind.assumed, *(source.given if source else ())}
    taken = {field.name for field in kind.required}
    free = sorted((heading for heading in headings if heading.field not in taken), key=lambda heading: heading.field != "")
    for field in kind.required:
        if field.name not in known and free:
            guess = next((heading.guess for heading in free if heading.guess and heading.guess.field == field), None)
            ordered = sorted(free, key=lambda heading: not (guess and heading.name == guess.heading))
            reason = f" Perhaps {guess.heading!r}: {guess.reason}" if guess else ""
            answers = tuple(Answer(each.name, f"{each.name} ({', '.join(each.samples) or 'empty'})"[:90]) for each in ordered)
            value = field.name not in (*kind.key, *kind.shown)
            yield Question("column", field.name, f"Which column is the {field.label}?{reason}", answers, value, guess is not None)


def _keys(headings: Iterable[Heading]) -> list[str]:
    return [heading_key(heading.name) for heading in headings]
