"""What counts when texts are compared, and what does not. Pure functions, total on any string.

The width of kana, letters, digits and spaces and the spaces around a text never count; kanji are
never folded: NFKC over a whole text would turn 神 (U+FA19) into 神 (U+795E) and ㍻ into 平成.
"""

from __future__ import annotations

import re
import string
import unicodedata
from itertools import zip_longest

from renkei.kanji import PLAIN

SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
SPACES += "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"  # all that str.isspace() knows
SPACES += "\u200b\u200c\u200d\u2060\ufeff"  # and what has no width at all

_HYPHENS = "‐‑‒–—―⁃−﹣-ー"  # U+30FC is what a Japanese keyboard gives between full-width digits

_BLANKS = {ord(blank): " " for blank in "\xa0\u1680\u202f\u205f\u3000"}
_BLANKS |= dict.fromkeys(range(0x2000, 0x200B), " ")  # every space that only its width tells apart

_ASCII = {ord(char) + 0xFEE0: char for char in string.ascii_letters + string.digits}
_FULL_KANA = {half: unicodedata.normalize("NFKC", chr(half)) for half in range(0xFF61, 0xFF9E)}
_KATAKANA = {hiragana: hiragana + 0x60 for hiragana in (*range(0x3041, 0x3097), 0x309D, 0x309E)}


class _Table(dict[int, str | int]):
    """
    A table for :meth:`str.translate` that learns which characters stay as they are.

    One that a table lacks costs an exception each time. It grows to what is met of Unicode.
    """

    def __missing__(self, code: int) -> int:
        self[code] = code
        return code


# No value of one of these is a key of another one: together they do what they do in turn.
_ALIKE = _Table(_BLANKS | _ASCII | _FULL_KANA)
_ALIKE_IN_KANA = _Table(_ALIKE | _KATAKANA)
_WIDTH = _Table(_ASCII | _FULL_KANA)
_AS_KATAKANA = _Table(_KATAKANA | _FULL_KANA)
_FOLDED = _Table(_KATAKANA | PLAIN)

_COMBINING = {"\u3099": "\u3099", "\u309a": "\u309a", "ﾞ": "\u3099", "ﾟ": "\u309a"}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NO_CHARACTER = re.compile("[\0\x80\uf8f0-\uf8f3]")
"""What no file of text holds, though Python reads bytes as it that CP932 does not have."""
_LONE_MARKS = str.maketrans("ﾞﾟ", "゛゜")
_MARK = re.compile("[\u3099\u309aﾞﾟ]")
_MARKED_KANA = re.compile("([\u3041-\u30fe])([\u3099\u309aﾞﾟ])")


def is_storable(text: str) -> bool:
    """Tell whether *text* is real text: no NUL and no half of a surrogate pair."""
    return text.isprintable() or _NO_TEXT.search(text) is None  # nothing printable is either


def lacking(text: str, encoding: str) -> int | None:
    """
    Return the place of a character of *text* that *encoding* lacks; None: it has them all.

    It also lacks what would come back as another one: CP932 makes ～ of a 〜.
    """
    try:
        back = text.encode(encoding).decode(encoding)
    except UnicodeEncodeError as error:
        return error.start
    if back != text:
        pairs = enumerate(zip_longest(text, back))
        return next(at for at, (before, after) in pairs if before != after)
    odd = _NO_CHARACTER.search(text)
    return None if odd is None else odd.start()


def comparable(text: str, *, kana: bool = False, case: bool = True) -> str:
    """
    Return *text* as it is compared: two texts are the same if these are equal.

    *kana* also equates hiragana and katakana; without *case*, so are capitals and small letters.
    Applying it twice changes nothing.
    """
    text = text.strip(SPACES)
    if not text.isascii():
        text = _joined(text.translate(_ALIKE_IN_KANA if kana else _ALIKE))
    return text if case else text.casefold()


def width(text: str) -> str:
    """Return *text* with full-width letters and digits as ASCII and half-width kana full-width."""
    return _joined(text.translate(_WIDTH))


def katakana(text: str) -> str:
    """Return *text* with hiragana and half-width kana as katakana; the rest is untouched."""
    return _joined(text.translate(_AS_KATAKANA))


def folded(text: str) -> str:
    """
    Return *text* as it is searched: a person finds it however it was typed.

    Width, case, all spaces, hiragana and katakana, and common variants of kanji do not count.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_FOLDED)
    return "".join(text.split()).casefold()


def near_key(number: str) -> str:
    """
    Return what numbers share that a person takes for the same: ``００１２``, ``12``, `` 0012``.

    Compatibility forms, all spaces, kinds of hyphens, case and leading zeros do not count; a number
    of zeros only is ``0``.
    """
    # Case and hyphens, too: docs/decisions/2026-11-22-near-numbers.md
    if number.isascii() and number.isalnum():  # as most are: nothing of the rest changes it
        return number.lower().lstrip("0") or number[:1]
    # Twice: folding the case takes some letters apart again, such as ǰ.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number).casefold())
    bare = ""
    for char in folded:
        if not _is_invisible(char):
            bare += "-" if char in _HYPHENS else char
    return bare.lstrip("0") or bare[:1]


def _joined(text: str) -> str:
    """Return *text* with the marks of kana joined to them, as far as there are such characters."""
    if _MARK.search(text) is None:  # as nearly always
        return text
    return _MARKED_KANA.sub(_compose, text).translate(_LONE_MARKS)


def _compose(marked: re.Match[str]) -> str:
    """Join a kana and its (han)dakuten, where there is one character for both."""
    composed = unicodedata.normalize("NFC", marked[1] + _COMBINING[marked[2]])
    return composed if len(composed) == 1 else marked[0]


def _is_invisible(char: str) -> bool:
    return char.isspace() or char in SPACES or unicodedata.category(char) == "Cf"
