"""Words that mean "nothing is known" in customers' files, in eight languages. Serials that firmware reports are in `domain.units.serials`.

A cell that holds only such a word is read as an empty cell, whatever its column is about. A person changes the list for a file with
`--word 'NA=NA'` (it means itself) or `--word 'spare=spare'`, and adds to it with `--word 'Dummy='`.
"""

import re
from collections.abc import Iterable

from musterroll.readers.cells import heading_key

_LONGEST = 40
_SIGNS = re.compile(r"[\s\-\u2010-\u2015_.,:;?!*/\\#~\u2026()\[\]<>|'\"+=]*")
_LISTED = (
    # English and what systems write
    "na none null nan nil nul unknown undefined unspecified unassigned unavailable tbd tba tbc empty blank nat nonetype "
    "notapplicable notavailable notset notspecified notknown notassigned notprovided nodata novalue noentry "
    "tobedetermined tobeconfirmed tobeannounced emptystring valuenotset nonexistent "
    # German
    "keine keiner keines keinen kein keineangabe keineangaben unbekannt ohneangabe nichtvorhanden nichtbekannt nichtzutreffend "
    "nichtzugewiesen nichtangegeben entfallt leer "
    # French
    "aucun aucune inconnu inconnue nonrenseigne nonrenseignee nondefini nondefinie nondisponible nonapplicable sansobjet neant vide "
    "inexistant "
    # Spanish
    "sindato sindatos ninguno ninguna desconocido desconocida noaplica nodisponible sinasignar sinespecificar sininformacion nulo "
    "inexistente "
    # Portuguese
    "nenhum nenhuma desconhecido desconhecida naoinformado naoaplicavel naodisponivel naoseaplica naodefinido semdados seminformacao "
    # Italian
    "nessuno nessuna sconosciuto sconosciuta nonassegnato nonapplicabile nonnoto nonspecificato vuoto "
    # Dutch
    "geen onbekend nvt nietvantoepassing nietbekend nietingevuld leeg "
    # Polish
    "brak brakdanych nieznany nieznana nieznane niedotyczy nieokreslono nieokreslony "
    # of dates
    "never jamais nunca nooit nigdy "
    # the null ids of Salesforce and Microsoft
    "000000000000000 000000000000000aaa 00000000000000000000000000000000"
)
_WORDS = frozenset(_LISTED.split())
_WITH_SIGNS = frozenset(
    ("n/v", "n.v.", "n. v.", "k.a.", "k. a.", "k/a", "s/d", "s.d.", "n.d.", "n/d", "b.d.", "b/d", "s/o", "s.o.", "n.n.", "n.b.", "\\n")
)
_ERROR = re.compile(
    r"#(?:[\u00a1\u00bf]?[^\W\d_]+(?:/0)?[!?]|N/[ABD]!?|NV|GETTING_DATA|[A-Z]+/[A-Z]!?)"
)  # of a spreadsheet, in its language
_NO_DATE = re.compile(r"(?:0001-01-01|0000-00-00|0?1[/.]0?1[/.]0001|00[/.-]00[/.-]0000)(?:[T ].*)?")


def means_nothing(cell: str) -> bool:
    """Whether a cell says that there is no value.

    >>> means_nothing("N/A "), means_nothing("--"), means_nothing("k.A."), means_nothing("0001-01-01 00:00:00"), means_nothing("Natal")
    (True, True, True, True, False)
    >>> means_nothing("#REF!"), means_nothing("#DIV/0!"), means_nothing("#NV"), means_nothing("#¿NOMBRE?"), means_nothing("#42")
    (True, True, True, True, False)
    """
    if len(cell) > _LONGEST:
        return False
    word = cell.strip()
    if word.isascii() and word.isalnum():
        return word.lower() in _WORDS
    return (
        heading_key(word) in _WORDS
        or word.casefold() in _WITH_SIGNS
        or bool(_SIGNS.fullmatch(word) or _ERROR.fullmatch(word) or _NO_DATE.fullmatch(word))
    )


def some_mean_nothing(cells: Iterable[str]) -> bool:
    """Whether one of these cells, which have only ASCII letters and digits, says that there is no value.

    >>> some_mean_nothing(["K400MVX7", "None"]), some_mean_nothing(["K400MVX7", "17"])
    (True, False)
    """
    return not _WORDS.isdisjoint("\n".join(cells).lower().split("\n"))
