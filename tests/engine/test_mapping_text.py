"""What counts when texts are compared, and the built-in transforms."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from renkei.errors import ConfigurationError
from renkei.mapping import Transform, Transforms
from renkei.people import Label
from renkei.text import (
    SPACES,
    comparable,
    is_storable,
    katakana,
    near_key,
    width,
)

BLANKS = [chr(code) for code in range(0x3001) if unicodedata.category(chr(code)) == "Zs"]
anything = st.text(st.characters(exclude_categories=()), max_size=30)  # lone surrogates and NUL too
kana = st.text(
    st.sampled_from(
        "かがはばぱうゔわゐをゝゞカガハバパウヴワヰヲヽヾーｶﾊｳﾜｦｰｧｯ･ﾞﾟ"
        "\u3099\u309a゛゜漢髙Ａa１1 \u3000\u200b"
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("ｶﾞﾊﾟｳﾞ", "ガパヴ"),
        ("ヤマタ\u3099", "ヤマダ"),
        ("ハ\u309aハ\u3099ハ", "パバハ"),
        ("か\u3099", "が"),
        ("ｰ", "ー"),
        ("ｼﾞｮﾝ･ｽﾐｽ", "ジョン・スミス"),
        ("ＡＢＣｘｙｚ０１９", "ABCxyz019"),
        ("　山田\u00a0", "山田"),
        ("\u200b山田\ufeff\t", "山田"),
        (" \u3000 ", ""),
    ],
)
def test_width_and_surrounding_spaces_never_count(a: str, b: str) -> None:
    """Kana, letters and digits of either width are equal, composed or not."""
    assert comparable(a) == comparable(b)
    assert comparable(a, kana=True) == comparable(b, kana=True)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("\ufa19", "\u795e"),  # 神, a compatibility ideograph
        ("渡邉", "渡邊"),
        ("葛\U000e0100", "葛"),
        ("𠮷田", "吉田"),
        ("①", "1"),
        ("㍻", "平成"),
        ("Ⅱ", "II"),
        ("㌔", "キロ"),
        ("山田 太郎", "山田太郎"),
        ("a", "A"),
        ("ハ", "バ"),
        ("ツ", "ッ"),
        ("ー", "-"),
    ],
)
def test_everything_else_counts(a: str, b: str) -> None:
    """Kanji are never folded, and neither are signs, case or the number of inner spaces."""
    assert comparable(a) != comparable(b)
    assert comparable(a, kana=True) != comparable(b, kana=True)


@pytest.mark.parametrize(
    ("a", "b"), [("やまだ", "ヤマダ"), ("ゔ", "ｳﾞ"), ("わ\u3099", "ヷ"), ("ゞ", "ヾ")]
)
def test_hiragana_is_katakana_only_where_asked(a: str, b: str) -> None:
    """``equal: kana`` equates the two syllabaries; otherwise they differ."""
    assert comparable(a, kana=True) == comparable(b, kana=True)
    assert comparable(a) != comparable(b)


@pytest.mark.parametrize("blank", BLANKS)
def test_inner_spaces_are_equal_in_width(blank: str) -> None:
    """山田　太郎 and 山田 太郎 are one name; twice a space is not once, and none is none."""
    assert comparable(f"山田{blank}太郎") == comparable("山田 太郎")
    assert comparable(f"Abe{blank}Ren", kana=True) == comparable("Abe Ren", kana=True)
    assert comparable(f"山田{blank}{blank}太郎") != comparable("山田 太郎")


@pytest.mark.parametrize("between", ["", "\u200b", "\u200d", "\n", "\t"])
def test_what_is_no_blank_is_not_taken_for_one(between: str) -> None:
    """Characters without a width, and new lines, are not blanks inside a text."""
    assert comparable(f"山田{between}太郎") != comparable("山田 太郎")


def test_case_counts_unless_it_is_an_address() -> None:
    """Only without *case* are capitals and small letters one."""
    assert comparable("Ａ@Example.JP", case=False) == comparable("a@example.jp", case=False)
    assert comparable("A@example.jp") != comparable("a@example.jp")


@given(anything | kana, st.booleans(), st.booleans())
@example("カ\u3099\u3099ﾞ", True, True)
def test_comparable_is_idempotent(text: str, kana: bool, case: bool) -> None:
    """What is comparable once is so for good."""
    once = comparable(text, kana=kana, case=case)
    assert comparable(once, kana=kana, case=case) == once


@given(kana | anything, st.booleans())
def test_what_is_done_in_one_step_is_what_is_done_in_turn(text: str, is_kana: bool) -> None:
    """The tables are merged, and learn what stays: the texts are those of one step at a time."""
    blank = text.strip(SPACES)
    for each in {*blank} & {*BLANKS}:
        blank = blank.replace(each, " ")
    ascii_ = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code).isalnum()}
    wide = blank.translate(ascii_)
    assert comparable(text, kana=is_kana) == (katakana(wide) if is_kana else width(wide))
    assert is_storable(text) == (not {*text} & {"\0", *map(chr, range(0xD800, 0xE000))})


@pytest.mark.fault("F46")
@given(
    st.text(st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF))
    | st.text(st.characters(min_codepoint=0xF900, max_codepoint=0xFAFF))
)
def test_kanji_are_never_touched(text: str) -> None:
    """Ideographs, compatibility ones included, compare as they are."""
    assert comparable(text, kana=True) == text


@given(anything, st.text(st.sampled_from(SPACES)), st.text(st.sampled_from(SPACES)))
def test_spaces_around_never_count(text: str, before: str, after: str) -> None:
    """Of any kind, those without a width included."""
    assert comparable(before + text + after) == comparable(text)


@given(anything | kana)
def test_katakana_settles(text: str) -> None:
    """The transform is idempotent, equal to its source as kana, and leaves no hiragana syllable."""
    made = katakana(text)
    assert katakana(made) == made
    assert comparable(made, kana=True) == comparable(text, kana=True)
    assert not any("ぁ" <= char <= "ゖ" for char in made)


@given(anything | kana)
def test_width_changes_nothing_that_counts(text: str) -> None:
    """The transform is idempotent and its result compares as its source."""
    assert width(width(text)) == width(text)
    assert comparable(width(text)) == comparable(text)


def test_every_space_of_unicode_is_a_space() -> None:
    """No kind of space is forgotten."""
    spaces = [each for each in map(chr, range(0x110000)) if unicodedata.category(each) == "Zs"]
    assert len(spaces) > 10
    assert [each for each in spaces if comparable(each)] == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("0012", "12"),
        ("００１２", "12"),
        (" 12\u3000", "12"),
        ("1\u200b2", "12"),
        ("1 2", "12"),
        ("Ａ－１", "a-1"),
        ("A‐1", "A-1"),
        ("A–1", "A—1"),
        ("A−1", "A-1"),
        ("Ａー１", "A-1"),
        ("Aｰ1", "A-1"),
        ("0A", "a"),
        ("000", "0"),
        ("①", "1"),
    ],
)
def test_near_numbers_are_found(a: str, b: str) -> None:
    """Width, spaces, hyphens, case and leading zeros make no other number."""
    assert near_key(a) == near_key(b)


@pytest.mark.parametrize(
    ("a", "b"), [("12", "120"), ("A1", "A01"), ("A-1", "A1"), ("0", ""), ("", "1")]
)
def test_other_numbers_are_not_near(a: str, b: str) -> None:
    """Zeros inside and at the end, and hyphens, do count."""
    assert near_key(a) != near_key(b)


@given(anything)
def test_near_key_is_total(number: str) -> None:
    """Any text has a near key, without spaces, and a leading zero does not change it."""
    key = near_key(number)
    assert not set(key) & set(SPACES)
    assert near_key("0" + number) == (key or "0")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("katakana", "やまだ ﾀﾛｳ Ａ１髙", "ヤマダ タロウ Ａ１髙"),
        ("katakana", "アﾞ", "ア゛"),
        ("width", "Ａ１ﾔﾏﾀﾞやまだ髙＠　", "A1ヤマダやまだ髙＠　"),
    ],
)
def test_a_transform_does_what_it_says(name: str, before: str, after: str) -> None:
    """And nothing more."""
    assert Transforms()[name].apply(before) == after


def test_a_transform_is_registered_once() -> None:
    """An extension cannot replace a transform, built-in or not."""
    transforms = Transforms()
    ours = Transform(
        "upper", "text", "text", lambda v: str(v).upper(), Label("大文字", "Upper case")
    )
    transforms.register(ours)
    assert list(transforms) == ["katakana", "width", "upper"]
    assert "upper" not in Transforms()
    for name in ("upper", "katakana"):
        with pytest.raises(ConfigurationError, match=name):
            transforms.register(Transform(name, "text", "text", ours.apply, ours.label))
