"""Fonts for the letters that the fonts of review packs lack, such as Chinese: as far as some are installed on this machine."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"), Path("/System/Library/Fonts"))
_PACKAGE = "noto_cjk_sans_jp_regular"  # of PyPI
# In the order in which they are preferred: of the packages fonts-noto-cjk, fonts-wqy-microhei and fonts-droid-fallback of Debian, of macOS.
_FILES = ("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "DroidSansFallback.ttf", "DroidSansFallbackFull.ttf", "Arial Unicode.ttf")


def with_letters(texts: Iterable[str], own: Path) -> tuple[list[Path], set[str]]:
    """The installed fonts with letters of these texts that the own font lacks, and the letters that no font has."""
    letters = {letter for letter in "".join(texts) if letter.isprintable()}
    if letters:
        letters -= _letters_of(own)
    chosen = []
    for path in _installed(FOLDERS):
        if not letters:
            break
        if known := letters & _letters_of(path):
            chosen.append(path)
            letters = letters - known
    return chosen, letters


def _installed(folders: Sequence[Path]) -> Iterator[Path]:
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(Path(place).glob("*.otf"))
    for name in _FILES:
        for folder in folders:
            yield from sorted(folder.rglob(name))


def _letters_of(path: Path) -> set[str]:
    from fontTools.ttLib import TTFont  # imports slowly

    with TTFont(path, fontNumber=0, lazy=True) as font:
        return set(map(chr, font.getBestCmap()))
