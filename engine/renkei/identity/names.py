"""Whether two people carry the same name, however it is written: evidence of who is who.

Nothing here decides what differs and what is written; see :mod:`renkei.text` for that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import combinations, product

from attrs import frozen

from renkei.kanji import PLAIN

_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
# What is one reading: docs/rules.md, "A number that may be somebody else's".
_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_ALIKE = str.maketrans("ヂヅヰヱヲ", "ジズイエオ")
_VU = (("ヴア", "バ"), ("ヴイ", "ビ"), ("ヴエ", "ベ"), ("ヴオ", "ボ"), ("ヴ", "ブ"))
_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパ",
    "イ": "イキシチニヒミリギジビピ",
    "ウ": "ウクスツヌフムユルグズブプ",
    "エ": "エケセテネヘメレゲゼデベペ",
    "オ": "オコソトノホモヨロゴゾドボポ",
}
_VOWEL = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_LONG = {"ア": "ア", "イ": "イ", "ウ": "ウ", "エ": "エイ", "オ": "オウ"}
"""Which kana make the vowel before them long."""

_REPEATED = re.compile("(.)[々〻ヽ]")
_REPEATED_VOICED = re.compile("(.)ヾ")
_LATIN = str.maketrans(
    {"đ": "d", "ø": "o", "ł": "l", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


class Names(StrEnum):
    """How the names of two people compare."""

    SAME = "same"
    FAMILY = "family changed"
    GIVEN = "given changed"
    BOTH = "both changed"
    UNCOMPARABLE = "not comparable"


@frozen
class Form:
    """
    One way in which a name, or a part of one, is written.

    *text* is what is left without width, case, spaces, dots, hyphens, accents and variants of
    kanji; *readings* are those of a text in kana, *words* those of one in Latin letters. Two forms
    can be compared if they share one of the *scripts*; kana among kanji say nothing of a reading.
    """

    text: str
    readings: frozenset[str]
    words: frozenset[str]
    scripts: frozenset[str]

    def same(self, other: Form) -> bool:
        """Tell whether both are the same name; of Latin words the shorter within the longer."""
        if self.text == other.text or self.readings & other.readings:
            return True
        if not (self.words and other.words):
            return False
        return self.words <= other.words or other.words <= self.words

    def can_tell(self, other: Form) -> bool:
        """Tell whether two forms that are not the same are two names: not of まり子 and マリコ."""
        is_read_once = bool(self.readings) != bool(other.readings)
        if is_read_once and "CJK" in self.scripts | other.scripts:
            return False
        return bool(self.scripts & other.scripts)


Part = tuple[Form, ...]
"""All forms of a family name, or of a given name: texts and readings. Empty: it is blank."""


@frozen
class Name:
    """The name of one person."""

    family: Part
    given: Part


def part(texts: Iterable[object]) -> Part:
    """Return the part of a name that is written as *texts*: legal, substituted, as it is read."""
    written = dict.fromkeys(text for text in texts if isinstance(text, str))
    forms = [form(text) for text in written]
    return tuple([each for each in forms if each.text])


def is_written(text: object) -> bool:
    """
    Tell at a glance whether a part of a name shows something.

    It says no of a few that do: so it is only asked where the rules decide otherwise.
    """
    return isinstance(text, str) and text[:1].isalnum()


def compare(a: Name, b: Name) -> tuple[Names, bool]:
    """
    Return how two names compare, and whether they are the same only as a whole.

    That is so if family and given name are exchanged, cut elsewhere, or in one field.
    """
    if _is_no_change(a.family, b.family) and _is_no_change(a.given, b.given):
        return (Names.UNCOMPARABLE if _is_nowhere_known(a, b) else Names.SAME), False
    if _is_whole_same(a, b):
        return Names.SAME, True
    return _changed(a, b), False


def _changed(a: Name, b: Name) -> Names:
    """Return which parts of two names that are not the same as a whole have changed."""
    family, given = _same(a.family, b.family), _same(a.given, b.given)
    if given is False:
        return Names.BOTH if family is False else Names.GIVEN
    if given is None and a.given and b.given:
        return Names.UNCOMPARABLE
    if family is False:
        return Names.FAMILY
    if family is None and a.family and b.family:
        return Names.UNCOMPARABLE
    return Names.SAME


def are_both_same(a: Name, b: Name) -> bool:
    """Tell whether family name and given name are known on both sides and the same."""
    if is_same(a.family, b.family) and is_same(a.given, b.given):
        return True
    known = (a.family and a.given) or (b.family and b.given)
    return bool(known) and _is_whole_same(a, b)


def is_same(a: Part, b: Part) -> bool:
    """Tell whether a part of a name is known on both sides and the same."""
    return _same(a, b) is True


def keys(name: Name) -> Iterator[tuple[str, ...]]:
    """
    Yield what two names that are both the same share at least one of.

    So those of a list can be found that may carry a name, without a walk through the list.
    """
    for whole in _both_ways(name):
        yield (whole.text,)
        for reading in whole.readings:
            yield ("", reading)
        # one word is not a whole name (_is_whole_same); any two of several will find it
        for word, other in combinations(sorted(whole.words), 2):
            yield ("", word, other)
    # part by part: of 山田 ゆうこ and 山田 ユーコ only the given names have a reading
    for family, given in product(name.family, name.given):
        yield from product(_shared(family), _shared(given))


def _shared(form: Form) -> frozenset[str]:
    """Return what two forms that are the same share at least one of."""
    return frozenset({form.text}) | form.readings | form.words


def _same(a: Part, b: Part) -> bool | None:
    """Tell whether two parts are the same; None: they cannot be compared."""
    if any(x.same(y) for x, y in product(a, b)):
        return True
    can_tell = any(x.can_tell(y) for x, y in product(a, b))
    return False if can_tell else None


def _is_no_change(a: Part, b: Part) -> bool:
    """Tell whether two parts are the same, with as many words, or one of them is blank."""
    if not (a and b):
        return True
    return any(_is_alike(x, y) for x, y in product(a, b))


def _is_alike(x: Form, y: Form) -> bool:
    return x.text == y.text or not x.readings.isdisjoint(y.readings)


def _is_nowhere_known(a: Name, b: Name) -> bool:
    return not (a.family and b.family) and not (a.given and b.given)


def _is_whole_same(a: Name, b: Name) -> bool:
    """
    Tell whether the whole names are the same; of Latin words the order does not count.

    Where one part is the same and the other is not, nothing was exchanged or cut elsewhere: the
    whole could be the same only by a vowel that is long across the cut (オカモト・ウオ, オオ).
    """
    if {_same(a.family, b.family), _same(a.given, b.given)} == {True, False}:
        return False
    for x, y in product(_both_ways(a), _both_ways(b)):
        has_several_words = len(x.words) > 1
        if _is_alike(x, y) or (has_several_words and x.words == y.words):
            return True
    return False


def _both_ways(name: Name) -> list[Form]:
    """Return the whole name with the family name first, and with the given name first."""
    return [*_joined(name.family, name.given), *_joined(name.given, name.family)]


def _joined(first: Part, second: Part) -> Iterator[Form]:
    """Yield the whole name as each form of one part, followed by each like it of the other."""
    for a, b in product(first or (_NOTHING,), second or (_NOTHING,)):
        text = a.text + b.text
        if not text:
            continue
        scripts = a.scripts | b.scripts
        words = a.words | b.words if scripts == {"LATIN"} else frozenset[str]()
        yield Form(text, _readings(text), words, scripts)


@lru_cache(maxsize=16_384)  # family and given names come again and again
def form(text: str) -> Form:
    """Return *text* as a form."""
    # NFKC turns some kanji into others, which no value must suffer; a form is never written
    folded = unicodedata.normalize("NFKC", text).translate(PLAIN).casefold()
    plain = "".join(map(_plain, folded))
    plain = unicodedata.normalize("NFC", plain).translate(_LATIN).translate(_KATAKANA)
    kept = "".join(char for char in plain if char.isalnum() or char == "ー")
    kept = _REPEATED_VOICED.sub(_with_its_voiced, _REPEATED.sub(r"\1\1", kept))
    scripts = frozenset(map(_script, kept))
    words = frozenset[str]()
    if scripts == {"LATIN"}:
        letters = "".join(char if char.isalnum() else " " for char in plain)
        words = frozenset(letters.split())
    return Form(kept.translate(_LARGE), _readings(kept), words, scripts)


def _with_its_voiced(repeated: re.Match[str]) -> str:
    """Return a kana followed by itself with a voiced mark, as ヾ says: スズ of スヾ."""
    kana = repeated[1]
    return kana + unicodedata.normalize("NFC", kana + "\u3099")[:1]


def _plain(char: str) -> str:
    """Return a Latin letter without its accents, anything else as it is."""
    bare = unicodedata.normalize("NFD", char)
    if "a" <= bare[0] <= "z":
        return bare[0]
    if char in "\u3099\u309a":
        return char  # the marks that make が of か and ぱ of は
    return "" if unicodedata.category(char) in ("Mn", "Cf") else char


def _script(char: str) -> str:
    if "ァ" <= char <= "ヿ":
        return "KANA"
    name = unicodedata.name(char, "").partition(" ")[0]
    return "CJK" if name == "IDEOGRAPHIC" else name


@lru_cache(maxsize=16_384)  # of parts, and of whole names that are compared with many others
def _readings(text: str) -> frozenset[str]:
    """Return how a text in kana may be read; nothing if it is none."""
    is_kana = all("ァ" <= char <= "ヿ" for char in text)
    if not text or not is_kana:
        return frozenset()
    kana = text.translate(_LARGE).translate(_ALIKE)
    for written, spoken in _VU:
        kana = kana.replace(written, spoken)
    # a ー may be missing, a vowel may not: オオノ and オノ are two families, see
    # docs/decisions/2026-11-28-who-is-who.md
    return frozenset({_with_long_marks(kana), kana.replace("ー", "")})


def _with_long_marks(kana: str) -> str:
    """Return *kana* with ー for each vowel that is long: オオタ, オウタ and オータ are one."""
    made, vowel = [], ""
    for char in kana:
        if char == "ー" or (vowel and char in _LONG[vowel]):
            made.append("ー")
            vowel = ""
        else:
            made.append(char)
            vowel = _VOWEL.get(char, "")
    return "".join(made)


_NOTHING = Form("", frozenset(), frozenset(), frozenset())
