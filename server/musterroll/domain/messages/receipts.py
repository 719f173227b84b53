"""How far a stream of numbered messages is complete. Pure."""

from collections.abc import Collection


def contiguous(upto: int, oldest: int, seqs: Collection[int]) -> int:
    """The highest number up to which nothing is missing, from `upto`, with `seqs` arrived.

    Below `oldest` nothing will come any more, so it counts as complete.

    >>> contiguous(0, 1, {1, 2, 4}), contiguous(2, 1, {4}), contiguous(2, 4, {4}), contiguous(9, 1, {3})
    (2, 2, 4, 9)
    """
    upto = max(upto, oldest - 1)
    while upto + 1 in seqs:
        upto += 1
    return upto
