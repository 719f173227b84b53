"""Which older encoding a text is in: the one that reads its words as words of some language. Where two are as likely, a person says."""

import codecs
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from math import log
from typing import NamedTuple

import chardet

from musterroll.readers import letters
from musterroll.readers.table import BadFile, NeedsChoice

_MOST_WORDS = 2_000
_MOST_BYTES = 1 << 18  # of lines that are not ASCII, for encodings of several bytes a letter
_LEAST_LEAD = 3.0, 4.0  # by which the best reading must be more likely; of one or two words
_IMPLAUSIBLE = 9.0  # cost of a letter above which nothing reads well
_SHOWN = 3
_SURE = 10  # words on which chardet is right
_IDEOGRAPHS = re.compile(r"[A-Za-z]*[^\x00-\x7f][A-Za-z\x80-\U0010ffff]*")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_SINGLE_BYTE = {  # what each costs: how rarely files of customers are in it
    "cp1252": 0.0,
    "iso8859-15": 0.5,
    "cp1250": 1.0,
    "mac_roman": 1.5,
    "cp1251": 0.5,
    "cp1254": 1.0,
    "cp1253": 1.0,
    "iso8859-2": 1.5,
    "cp850": 2.5,
    "cp852": 3.0,
    "cp437": 4.5,
    "cp1257": 2.0,
    "koi8-r": 2.0,
    "cp866": 2.5,
    "mac_latin2": 4.0,
    "mac_cyrillic": 4.0,
    "iso8859-7": 2.5,
    "iso8859-5": 4.0,
    "mac_turkish": 4.5,
    "mac_greek": 4.5,
}
_MULTI_BYTE = {"gb18030": 1.0, "cp932": 1.0, "euc-jp": 2.0, "big5": 2.0, "cp949": 2.0}
_NAMES = {"gb18030": "gbk", "cp932": "shift-jis", "mac_roman": "mac-roman", "iso8859-15": "iso-8859-15", "iso8859-2": "iso-8859-2"}
_NAMES |= {f"cp125{number}": f"windows-125{number}" for number in range(8)}


class Reading(NamedTuple):
    """A text in one encoding: what speaks against it, and words as they are then read."""

    encoding: str
    cost: float
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        return _NAMES.get(self.encoding, self.encoding)

    @property
    def shown(self) -> str:
        return ", ".join(repr(word[:30]) for word in self.words[:_SHOWN])


def guess(lines: Iterable[bytes]) -> Reading:
    """From the lines of a text that is no Unicode. Raises BadFile, and NeedsChoice where two readings are as likely."""
    words, text = _collected(lines)
    readings = sorted([*_single_byte(words), *_multi_byte(text)], key=lambda reading: reading.cost)
    if not readings:
        raise BadFile("the file is neither Unicode nor text in an encoding that is known; save it again as UTF-8")
    best = readings[0]
    lead = _LEAST_LEAD[len(words) < 3]
    rivals = [reading for reading in readings[1:] if reading.words != best.words and reading.cost - best.cost < lead]
    if rivals or best.cost > _IMPLAUSIBLE * sum(1 for word in best.words for letter in word if not letter.isascii()):
        rivals = rivals or [reading for reading in readings[1:] if reading.words != best.words]
        choices = [best, *{reading.words: reading for reading in reversed(rivals)}.values()][:4]
        read = "; ".join(f"{reading.name}: {reading.shown}" for reading in choices)
        raise NeedsChoice(
            f"the encoding of the file is in doubt ({read}); choose the one that reads well (--encoding {best.name})",
            "encoding",
            [reading.name for reading in choices],
            [f"{reading.name}: {reading.shown}" for reading in choices],
        )
    return best


def _collected(lines: Iterable[bytes]) -> tuple[list[bytes], bytes]:
    """Different words that are not ASCII, and the lines they are in."""
    words: dict[bytes, None] = {}
    text, size = [], 0
    for line in lines:
        if line.isascii():
            continue
        if len(words) < _MOST_WORDS:
            words.update(dict.fromkeys(_WORD.findall(line)))
        if size < _MOST_BYTES:
            text.append(line)
            size += len(line)
        elif len(words) >= _MOST_WORDS:
            break
    return [word for word in words if not _is_utf8(word)] or list(words), b"".join(text)


def _is_utf8(word: bytes) -> bool:
    """Rows of another encoding than the rest of the file are rejected one by one."""
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True


def _single_byte(words: list[bytes]) -> Iterator[Reading]:
    doubts = _doubts(b"\n".join(words), _SINGLE_BYTE, len(words))
    for encoding, rarity in _SINGLE_BYTE.items():
        with suppress(UnicodeDecodeError):
            read = tuple(word.decode(encoding) for word in words)
            yield Reading(encoding, rarity + doubts[encoding] + letters.cost(read), read)


def _multi_byte(text: bytes) -> Iterator[Reading]:
    doubts = _doubts(text, _MULTI_BYTE, _SURE)
    for encoding, rarity in _MULTI_BYTE.items():
        with suppress(UnicodeDecodeError):
            words = tuple(dict.fromkeys(_IDEOGRAPHS.findall(text.decode(encoding))))
            yield Reading(encoding, rarity + doubts[encoding] + letters.cost_of_ideographs(words, encoding), words)


def _doubts(text: bytes, encodings: Collection[str], words: int) -> dict[str, float]:
    """What chardet, which knows pairs of letters of many languages, has against each encoding: more, the more words it has seen."""
    results = chardet.detect_all(text, ignore_threshold=True, include_encodings=encodings, no_match_encoding=next(iter(encodings)))
    confidence = {codecs.lookup(result["encoding"]).name: result["confidence"] for result in results if result["encoding"]}
    best = max(confidence.values(), default=0.0) or 1.0
    weight = 2.0 + 0.5 * min(words, _SURE)
    return {name: weight * min(log(best / max(confidence.get(codecs.lookup(name).name, 0.0), best / 20)), 3.0) for name in encodings}
