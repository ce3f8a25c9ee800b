"""Whether two names are the same, however they are written: evidence, never a difference."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from renkei.identity.names import Name, Names, are_both_same, compare, keys, part

Written = tuple[str, ...]
"""Family name and given name, and the readings of both if there are any."""


def name(family: str, given: str, family_kana: str = "", given_kana: str = "") -> Name:
    """Return a name as a system has it."""
    return Name(part([family, family_kana]), part([given, given_kana]))


SAME = [
    # width, case, spaces, dots, hyphens, accents
    (("Smith", "John"), ("ＳＭＩＴＨ", "ｊｏｈｎ")),
    (("山田", "太 郎"), ("山 田", "太郎　")),
    (("山田", "太\u200b郎"), ("山田", "太郎")),
    (("ジャン・ポール", "ルイ"), ("ジャンポール", "ルイ")),
    (("Jean-Pierre", "Dubois"), ("Jean Pierre", "DUBOIS")),
    (("O'Brien", "Seán"), ("O’Brien", "Sean")),
    (("Nguyễn", "Đức"), ("NGUYEN", "DUC")),
    (("Müller", "Jörg"), ("Mu\u0308ller", "Jo\u0308rg")),
    # old and variant kanji
    (("髙﨑", "一"), ("高崎", "一")),
    (("渡邊", "惠"), ("渡辺", "恵")),
    (("渡邉", "眞"), ("渡邊", "真")),
    (("齋藤", "廣"), ("斉藤", "広")),
    (("𠮷野", "櫻"), ("吉野", "桜")),
    (("竹內", "悅子"), ("竹内", "悦子")),
    (("增田", "寶"), ("増田", "宝")),
    (("高𣘺", "姬子"), ("髙橋", "姫子")),
    (("龍ヶ崎", "澤"), ("竜ケ﨑", "沢")),
    (("葛\U000e0100城", "辻\U000e0101"), ("葛城", "辻")),
    (("神", "隆"), ("神", "隆")),
    (("佐々木", "花"), ("佐佐木", "花")),
    (("いすゞ", "みすゞ"), ("いすず", "みすず")),
    (("ﾅﾅﾔ", "ちゝぶ"), ("ナヽヤ", "チチブ")),
    # one of text and reading is enough
    (("渡部", "希", "ワタナベ", "ノゾミ"), ("渡辺", "望", "わたなべ", "のぞみ")),
    (("東", "一", "ヒガシ", "ハジメ"), ("東", "一", "アズマ", "カズ")),
    # readings: kana, small kana, long vowels, ヂジ, ヅズ, ヴァバ; a text in kana is its own reading
    (("安西", "翔", "アンザイ", "ショウ"), ("あんざい", "しよう")),
    (("大野", "功平", "オオノ", "コウヘイ"), ("オーノ", "コーヘー")),
    (("クマール", "ラーマ"), ("クマル", "ラマ")),
    (("千鶴", "なお", "チヅル", ""), ("チズル", "ナオ")),
    (("ミカヂ", "イヴァン"), ("ミカジ", "イバン")),
    (("ヴィクター", "ヴ"), ("ビクター", "ブ")),
    (("ｶﾞﾙｼｱ", "ﾏﾘｱ"), ("ガルシア", "マリア")),
    # a reading of one part only, or each part by another reading
    (("山田", "ゆうこ"), ("山田", "ユーコ")),
    (("Smith Jones", "ジョージ"), ("smith", "ジヨオジ")),
    (("オオタ", "アー"), ("オータ", "ア")),
    # Latin: word by word, the shorter within the longer
    (("Garcia Lopez", "Maria"), ("Garcia", "Maria")),
    (("Nguyen", "Van An"), ("Nguyen", "An")),
    # three scripts
    (("Smith", "John", "スミス", "ジョン"), ("スミス", "ジョン")),
    (("李", "明", "リ", "ミン"), ("Lee", "Min", "リ", "ミン")),
]  # fmt: skip
WHOLE = [
    (("太郎", "山田"), ("山田", "太郎")),
    (("佐々", "木花子"), ("佐々木", "花子")),
    (("山田太郎", ""), ("山田", "太郎")),
    (("", "山田　太郎"), ("山田", "太郎")),
    (("Van An", "Nguyen"), ("Nguyen", "Van An")),
    (("Nguyen Van", "An"), ("Nguyen", "Van An")),
    (("ジョン", "スミス"), ("Smith", "John", "スミス", "ジョン")),
    (("高橋", "さくら"), ("サクラ", "髙橋")),
]
OTHER = [
    (("佐藤", "花子"), ("鈴木", "花子"), Names.FAMILY),
    (("佐藤", "花子", "サトウ", "ハナコ"), ("鈴木", "花子", "スズキ", "ハナコ"), Names.FAMILY),
    (("佐藤", "花子"), ("佐藤", "岳"), Names.GIVEN),
    (("佐藤", "花子"), ("鈴木", "岳"), Names.BOTH),
    (("大野", "健", "オオノ", "ケン"), ("小野", "健", "オノ", "ケン"), Names.FAMILY),
    (("岡本", "央央", "オカモト", "オオ"), ("岡本", "詩央", "オカモト", "ウオ"), Names.GIVEN),
    (("Tran", "Thi Hoa"), ("Tran", "Thi Lan"), Names.GIVEN),
    (("Smith", "Ann"), ("Jones", "Ann"), Names.FAMILY),
    (("田中", "まり子", "", "マリコ"), ("タナカ", "マリエ"), Names.GIVEN),
    (("田中", "まり子"), ("田中", "ゆり子"), Names.GIVEN),
    (("佐藤花子", ""), ("鈴木", "花子"), Names.FAMILY),
]
UNCOMPARABLE = [
    (("Smith", "John"), ("スミス", "ジョン")),
    (("李", "明"), ("Lee", "Min")),
    (("山田", "太郎"), ("ヤマダ", "タロウ")),
    (("이", "민"), ("李", "敏")),
    (("", ""), ("山田", "太郎")),
    (("", ""), ("", "")),
    (("佐藤", "Ann"), ("鈴木", "アン")),
    (("田中", "まり子"), ("ﾀﾅｶ", "ﾏﾘｺ")),
    (("一ノ瀬", "ゆう子"), ("イチノセ", "ユウコ")),
    (("三ツ木", "ゆう子"), ("三ツ木", "ヨシエ")),
]
BLANK = [
    (("", "花子"), ("佐藤", "花子"), Names.SAME),
    (("佐藤", ""), ("佐藤", "花子"), Names.SAME),
    (("佐藤", ""), ("鈴木", "花子"), Names.FAMILY),
    (("　", "花子"), ("佐藤", "岳"), Names.GIVEN),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_names_are_the_same_however_they_are_written(a: Written, b: Written) -> None:
    """Either way around, and without being noted as exchanged."""
    assert compare(name(*a), name(*b)) == compare(name(*b), name(*a)) == (Names.SAME, False)
    assert are_both_same(name(*a), name(*b))


@pytest.mark.parametrize(("a", "b"), WHOLE)
def test_a_name_cut_or_ordered_otherwise_is_the_same_as_a_whole(a: Written, b: Written) -> None:
    """Exchanged, cut elsewhere, or all in one field."""
    assert compare(name(*a), name(*b)) == compare(name(*b), name(*a)) == (Names.SAME, True)
    assert are_both_same(name(*a), name(*b))


@pytest.mark.parametrize(("a", "b", "expected"), [*OTHER, *BLANK])
def test_what_of_a_name_has_changed_is_told(a: Written, b: Written, expected: Names) -> None:
    """A part that is blank on one side has not."""
    assert compare(name(*a), name(*b)) == compare(name(*b), name(*a)) == (expected, False)
    assert not are_both_same(name(*a), name(*b))


@pytest.mark.parametrize(("a", "b"), UNCOMPARABLE)
def test_names_without_a_common_script_say_nothing(a: Written, b: Written) -> None:
    """That is neither a change nor the same."""
    assert compare(name(*a), name(*b))[0] is Names.UNCOMPARABLE
    assert not are_both_same(name(*a), name(*b))


@pytest.mark.parametrize(("a", "b"), [*SAME, *WHOLE])
def test_names_that_are_the_same_share_a_key(a: Written, b: Written) -> None:
    """So that the one is found by the other without a walk through a list."""
    assert set(keys(name(*a))) & set(keys(name(*b)))


WORDS = st.text(alphabet="佐佐々高髙アあｱーヴァ オウヂＳsé・- \u3099", max_size=5)


@given(st.tuples(WORDS, WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS, WORDS, WORDS))
@example(("", "", "", "sé"), ("", "", "é", "s"))  # in one field, and exchanged
@example(("佐", "", "高髙", ""), ("髙", "", "佐高", ""))
def test_comparing_is_the_same_both_ways(a: Written, b: Written) -> None:
    """Whatever the names hold; and what is the same shares a key."""
    assert compare(name(*a), name(*b)) == compare(name(*b), name(*a))
    assert are_both_same(name(*a), name(*b)) == are_both_same(name(*b), name(*a))
    if are_both_same(name(*a), name(*b)):
        assert set(keys(name(*a))) & set(keys(name(*b)))


@given(WORDS, WORDS)
def test_a_name_is_itself(family: str, given_name: str) -> None:
    """Unless there is nothing of it."""
    mine = name(family, given_name)
    known = bool(mine.family or mine.given)
    assert compare(mine, mine) == (Names.SAME if known else Names.UNCOMPARABLE, False)
