"""What renkei never reads: My Numbers (個人番号), and fields of what is nobody's business.

The law allows a My Number to be collected and kept for a few purposes only; keeping employees in
step is none of them.
"""

from __future__ import annotations

import re
import unicodedata

_NEVER = re.compile(
    "個人番号|マイナンバー|口座|銀行|障害|障がい|健康(?!保険)|病歴|既往歴|宗教|信条"
    r"|(?<![a-z])(my|individual)[\W_]?numbers?(?![a-z])|(?<![a-z])bank|account[\W_]?numbers?(?![a-z])"
    r"|(?<![a-z])health(?![\W_]*insurance)|disabilit|(?<![a-z])religio|medical[\W_]?(history|record)"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\s\-‐‑‒–—―−ー]")
SHORTEST = 12
"""How many characters a My Number has at least, however it is written as a text."""

SMALLEST = 10**10
"""
As a whole number it has lost the zeros before it; of those with two and more of them nobody can
tell a telephone number.
"""

_LETTER = re.compile(r"[A-Za-z]")
_TWELVE = re.compile(r"[0-9]{12}")
_FOURS = re.compile(r"[\W_]*([0-9]{4})[\W_]+([0-9]{4})[\W_]+([0-9]{4})[\W_]*")
_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_never_read(*names: str) -> bool:
    """Tell whether a field of these *names* (its own, its labels) is one that is never read."""
    for name in names:
        words = _CAMEL.sub("_", name)  # before the case is folded: it shows where a word begins
        if _NEVER.search(unicodedata.normalize("NFKC", words).casefold()):
            return True
    return False


def looks_like_my_number(value: object) -> bool:
    """Tell whether *value* is twelve digits, however written, of which the last one checks."""
    digits = _digits(value)
    if not _TWELVE.fullmatch(digits):
        return False
    weighed = zip(_WEIGHTS, map(int, digits), strict=False)  # without the twelfth, the check digit
    # The formula of article 5 of 総務省令第85号 (2014).
    rest = sum(weight * digit for weight, digit in weighed) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def _digits(value: object) -> str:
    """
    Return what may be twelve digits without the signs between them, else anything else.

    Spaces and hyphens may stand anywhere, all other signs only between groups of four: so a point
    of time or an address of the Internet is none.
    """
    if type(value) is int:
        return f"{value:012}" if value >= SMALLEST else ""
    if type(value) is not str or len(value) < SHORTEST:
        return ""
    if value.isascii() and _LETTER.search(value):  # an address, as most long texts are
        return ""
    plain = unicodedata.normalize("NFKC", value)
    fours = _FOURS.fullmatch(plain)
    return "".join(fours.groups()) if fours else _BETWEEN.sub("", plain)
