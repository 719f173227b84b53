"""What is known of the exports of one system."""

from collections.abc import Collection, Mapping
from typing import NamedTuple


class Source(NamedTuple):
    """One list of one system. Headings are written as `cells.heading_key` returns them.

    It is told by its signs: sets of headings, separated by bars, one of which is there in full. `fields`: per field the headings that
    hold it, the best first; a column in `ignored` does not hold what its name suggests.
    """

    name: str  # as in "this looks like ..."
    kinds: str  # of documents it can be read as
    signs: str
    fields: Mapping[str, str] = {}
    ignored: str = ""
    given: Mapping[str, str] = {}  # by field, what is true of every row, such as the maker of all these devices
    words: Mapping[str, str] = {}  # what its codes for a status mean
    dates: str = ""  # dmy, mdy: the order its exports have where no date proves one

    def signs_in(self, headings: Collection[str]) -> int:
        """How many signs are among these headings; 0 where no set of them is complete."""
        sets = [signs.split() for signs in self.signs.split("|")]
        return max((len(signs) for signs in sets if all(sign in headings for sign in signs)), default=0)

    def meaning(self, heading: str) -> tuple[str, int] | None:
        """The field that a column holds, and how far down the list of its headings this one is."""
        for field, headings in self.fields.items():
            if heading in (listed := headings.split()):
                return field, listed.index(heading)
        return None
