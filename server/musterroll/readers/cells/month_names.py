"""Names of months and days of the week in English, German, French, Spanish, Portuguese, Italian, Dutch and Polish."""

import unicodedata

_NAMES = (
    "january januar janner janvier enero janeiro gennaio januari styczen stycznia",
    "february februar feber fevrier febrero fevereiro febbraio februari luty lutego",
    "march marz maerz mars marzo marco maart mrt marzec marca",
    "april avril abril aprile kwiecien kwietnia",
    "may mai mayo maio maggio mei maj maja",
    "june juni juin junio junho giugno czerwiec czerwca",
    "july juli juillet julio julho luglio lipiec lipca",
    "august aout agosto augustus sierpien sierpnia",
    "september septembre septiembre setiembre setembro settembre wrzesien wrzesnia",
    "october oktober octobre octubre outubro ottobre pazdziernik pazdziernika",
    "november novembre noviembre novembro listopad listopada",
    "december dezember decembre diciembre dezembro dicembre grudzien grudnia",
)
_WEEKDAYS = frozenset(
    [
        "mon",
        "monday",
        "tue",
        "tues",
        "tuesday",
        "wed",
        "wednesday",
        "thu",
        "thur",
        "thurs",
        "thursday",
        "fri",
        "friday",
        "sat",
        "saturday",
        "sun",
        "sunday",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonnabend",
        "sonntag",
        "lun",
        "lundi",
        "mardi",
        "mer",
        "mercredi",
        "jeu",
        "jeudi",
        "ven",
        "vendredi",
        "sam",
        "samedi",
        "dim",
        "dimanche",
        "lunes",
        "martes",
        "mie",
        "miercoles",
        "jue",
        "jueves",
        "vie",
        "viernes",
        "sab",
        "sabado",
        "dom",
        "domingo",
        "seg",
        "segunda",
        "ter",
        "terca",
        "qua",
        "quarta",
        "qui",
        "quinta",
        "sex",
        "sexta",
        "feira",
        "lunedi",
        "martedi",
        "mercoledi",
        "gio",
        "giovedi",
        "venerdi",
        "sabato",
        "domenica",
        "ma",
        "wo",
        "vr",
        "za",
        "zo",
        "maandag",
        "dinsdag",
        "woensdag",
        "donderdag",
        "vrijdag",
        "zaterdag",
        "zondag",
        "pon",
        "poniedzialek",
        "wt",
        "wtorek",
        "sr",
        "sroda",
        "czw",
        "czwartek",
        "pt",
        "piatek",
        "sob",
        "sobota",
        "nd",
        "niedziela",
    ]
)
_FILLERS = frozenset(
    ["the", "of", "de", "del", "di", "do", "den", "der", "le", "el", "il", "am", "at", "st", "nd", "rd", "th", "er", "r", "roku", "dnia"]
)


def plain_word(word: str) -> str:
    """
    >>> plain_word("Février"), plain_word("Październik"), plain_word("août")
    ('fevrier', 'pazdziernik', 'aout')
    """
    folded = unicodedata.normalize("NFD", word.casefold().replace("ł", "l"))
    return "".join(c for c in folded if c.isalpha())


def month_number(word: str) -> int | None:
    """The month of a name or of its first letters, at least three; None where no month or several have them.

    >>> month_number("Okt"), month_number("sept."), month_number("juin"), month_number("jui")
    (10, 9, 6, None)
    """
    word = plain_word(word)
    if len(word) < 3:
        return None
    months = [month for month, names in enumerate(_NAMES, 1) if any(name.startswith(word) for name in names.split())]
    exact = [month for month, names in enumerate(_NAMES, 1) if word in names.split()]
    return (exact or months)[0] if len(exact or months) == 1 else None


def says_nothing(word: str) -> bool:
    """Whether a word beside a date is a day of the week, or one that joins its parts."""
    word = plain_word(word)
    return word in _WEEKDAYS or word in _FILLERS
