"""How plausible a text is as words of some language: by its letters outside ASCII, most frequent first, and where they stand."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LATIN = {
    "German": "üäöß",
    "French": "éèàçêôîâûïëùœ",
    "Spanish": "óíáéñúü",
    "Catalan": "èàòéóíçúï",
    "Portuguese": "ãçáéíóõêúâôà",
    "Italian": "àèòùìé",
    "Dutch": "ëéïüöèê",
    "Nordic": "äöåøæéü",
    "Icelandic": "íáðóöúéþýæ",
    "Polish": "łęąóżśćńź",
    "Czech": "íáéěýřčžšůúťňóď",
    "Slovak": "áíčéšžýúľťôňďäóĺŕ",
    "Hungarian": "éáöőóüíúű",
    "Croatian": "čšžćđ",
    "Romanian": "ăâîșțşţ",
    "Turkish": "ışğüçöâî",
    "Lithuanian": "ėšųįžąčęū",
    "Latvian": "āīēšņļūžčģķ",
    "Estonian": "äõüöšž",
}
_SEVERAL = {  # customers of a list are in several countries
    "West": ("German", "French", "Spanish", "Catalan", "Portuguese", "Italian", "Dutch", "Nordic", "Icelandic"),
    "Centre": ("German", "Polish", "Czech", "Slovak", "Hungarian", "Croatian", "Romanian"),
}
_ANY_OF_SEVERAL = 1.2
_SIGNS = "’‘“”„–—…°€®™§µ²³½«»·ºª№¿¡×¼¾©¹£"  # seen in lists, outside words
_USUAL = 1.3, 0.25  # cost of the most frequent letter, and of each rank below it
_FOREIGN = 7.0
_ODD = 8.0
_CONTROL = 14.0
_MIXED_CASE = 6.0
_SHOUTED = 3.0  # a small letter in a word of capitals
_SIDE_BY_SIDE = 1.2  # two letters outside ASCII in a word of Latin letters
_TOUCHES = 4.0  # a small Latin letter in a word of ideographs
_SCRIPT, _RARE_IN_SCRIPT = 1.3, 3.5
_RUSSIAN = frozenset("абвгдежзийклмнопрстуфхцчшщыьэюя")
_OTHER_CYRILLIC = frozenset("ёъіїєґўјљњћђџѕќѓ")
_GREEK = frozenset("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ")


def cost(words: Iterable[str]) -> float:
    """How surprising the words are as words of the one language that explains them best; 0 for ASCII."""
    listed = list(words)
    shared = sum(map(_common_cost, listed))
    return shared + min(sum(_letters_cost(word, name) for word in listed) for name in (*_LATIN, *_SEVERAL))


@lru_cache(1 << 14)
def _letters_cost(word: str, language: str) -> float:
    return sum(_letter_cost(letter, language) for letter in word.lower() if not letter.isascii() and letter != "\u0307")


@lru_cache(1 << 14)
def _letter_cost(letter: str, language: str) -> float:
    if language in _SEVERAL:
        return _ANY_OF_SEVERAL + min(_letter_cost(letter, name) for name in _SEVERAL[language])
    place = _LATIN[language].find(letter)
    if place >= 0:
        return _USUAL[0] + _USUAL[1] * place
    return _other_cost(letter)


def _other_cost(letter: str) -> float:
    """Of what is in no Latin alphabet of these."""
    if letter in _RUSSIAN or letter in _GREEK:
        return _SCRIPT
    if letter in _OTHER_CYRILLIC:
        return _RARE_IN_SCRIPT
    if letter in _SIGNS:
        return 3.0 + 0.1 * _SIGNS.index(letter)
    if letter == "\u00a0":
        return 3.0
    kind = unicodedata.category(letter)
    if kind in ("Cc", "Cn", "Co", "Cf"):
        return _CONTROL
    return _FOREIGN if kind.startswith("L") else _ODD


@lru_cache(1 << 14)
def _common_cost(word: str) -> float:
    """Where the letters stand: capitals inside words, signs between letters, letters of two scripts side by side."""
    total = 0.0
    capitals = sum(1 for letter in word if letter.isascii() and letter.isupper())
    small = sum(1 for letter in word if letter.isascii() and letter.islower())
    for before, letter in zip(" " + word, word, strict=False):
        if letter.isascii() and before.isascii():
            continue
        if letter.isupper() and before.islower():
            total += _MIXED_CASE
        if letter.isalpha() and before.isalpha():
            if _script(letter) != _script(before):
                total += _FOREIGN
            elif not letter.isascii() and not before.isascii() and _script(letter) == "LATIN":
                total += _SIDE_BY_SIDE
        elif letter.isalpha() != before.isalpha() and before != " " and not letter.isspace() and "’" not in (before, letter):
            total += _ODD / 2
    if capitals > 1 and not small:
        total += _SHOUTED * sum(1 for letter in word if not letter.isascii() and letter.islower() and letter != "ß")
    return total


@lru_cache(1 << 10)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def cost_of_ideographs(words: Iterable[str], encoding: str) -> float:
    """The same for a text in an encoding of several bytes a letter, with the Latin letters that touch the others."""
    return sum(
        _ideograph_cost(letter, encoding) if not letter.isascii() else (_TOUCHES if letter.islower() else _TOUCHES / 2)
        for word in set(words)
        for letter in word
    )


@lru_cache(1 << 14)
def _ideograph_cost(letter: str, encoding: str) -> float:
    japanese = encoding in ("cp932", "euc-jp")
    if "\u3040" <= letter <= "\u30ff":
        return 1.0 if japanese else 5.0
    if "\uac00" <= letter <= "\ud7a3":
        return 1.5 if encoding == "cp949" and len(letter.encode("euc_kr", "ignore")) == 2 else _FOREIGN
    if "\uff61" <= letter <= "\uff9f":
        return 5.0
    if "\u3000" <= letter <= "\u303f" or "\uff01" <= letter <= "\uff5e":
        return 2.0
    if "\u4e00" <= letter <= "\u9fff":
        return _hanzi_cost(letter, encoding)
    return _ODD if letter.isalpha() or letter in "°×±§" else _CONTROL


def _hanzi_cost(letter: str, encoding: str) -> float:
    """Those of the first level of each national standard are the usual ones."""
    lead = (letter.encode({"gb18030": "gb2312", "cp932": "shift_jis", "cp949": "euc_kr"}.get(encoding, encoding), "ignore") or b"\0")[0]
    first = {"gb18030": (0xB0, 0xD7), "cp932": (0x88, 0x98), "euc-jp": (0xB0, 0xCF), "big5": (0xA4, 0xC6)}.get(encoding, (1, 0))
    return 2.5 if first[0] <= lead <= first[1] else 6.0
