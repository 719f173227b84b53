"""Digits of other scripts in dates and numbers, and the signs of Arabic decimals and thousands."""

_FIRST = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50)  # the zeros of Arabic-Indic, Persian, Devanagari, Bengali and Thai digits
_WESTERN = {zero + digit: str(digit) for zero in _FIRST for digit in range(10)} | {0x066B: ".", 0x066C: ","}


def western(text: str) -> str:
    """A date or number with the digits 0 to 9.

    >>> western("\u0662\u0660\u0662\u0665-\u0660\u0661-\u0661\u0663"), western("\u0661\u066c\u0662\u0663\u0664\u066b\u0665"), western("1.5")
    ('2025-01-13', '1,234.5', '1.5')
    """
    return text if text.isascii() else text.translate(_WESTERN)
