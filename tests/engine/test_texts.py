from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterator
from itertools import product

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from renkei.model import Difference, Outcome, Remark, Run, Status
from renkei.people import FieldSpec, Label
from renkei.words.codes import TABLE, parts_of, remark
from renkei.words.i18n import _, ngettext, speaking
from renkei.words.labels import Labels
from renkei.words.sentences import difference_text, outcome_text, reason_text, status_text

CODES = sorted(TABLE)
RUN = Run(
    id="7",
    source="hr",
    target="tot",
    base_date=dt.date(2026, 11, 20),
    status=Status.PAUSED,
    who="keiko",
    created_at=dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC),
    mapping_name="m",
    mapping_text="",
    mapping_hash="",
    settings={},
)
LABELS = Labels(
    run=RUN,
    connections={"hr": "人事システム", "tot": "Touch On Time"},
    fields={
        "hr": {
            "gender": FieldSpec(name="gender", label=Label("戸籍上の性別", "Legal gender")),
            "kana": FieldSpec(name="kana", label=Label("ヨミガナ", "Kana")),
        },
        "tot": {"gender": FieldSpec(name="gender", label=Label("性別", "Gender"))},
    },
)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_code_is_a_sentence(language: str) -> None:
    """Each code reads as a sentence with any number of parts, and no placeholder is left."""
    with speaking(language):
        for code, about in product(CODES, ((), ("a",), ("2", "2026-11-14", "0042", "0043"))):
            text = reason_text(Remark(code, about))
            assert text != code
            assert not set("{}[]?？") & set(text), code
            assert text.rstrip().endswith((".", "。")), code


def test_japanese_is_japanese() -> None:
    """No sentence is left in English."""
    with speaking("ja"):
        texts = {code: reason_text(Remark(code, ("x",))) for code in CODES}
    kana = {code: sum("ぁ" <= each <= "ヿ" for each in text) for code, text in texts.items()}
    assert [code for code, count in kana.items() if count <= 3] == []


def test_fields_are_named() -> None:
    """A sentence about fields contains their names."""
    assert "birth, gender" in reason_text(Remark("missing_required", ("birth", "gender")))


def test_an_unknown_code_is_readable() -> None:
    """A code of a newer engine or of an extension is shown as words, with its parts."""
    assert reason_text(Remark("quota_of_moon", ("a", "b"))) == "quota of moon: a, b"


def test_control_characters_are_spelt_out() -> None:
    """Whatever a remark speaks of cannot steer a terminal."""
    assert "\x1b" not in reason_text(Remark("not_allowed", ("\x1b]52;c;x\x07",)))
    assert "\u202e" not in reason_text(Remark("\u202eodd", ()))


def test_words_follow_the_product() -> None:
    """States and outcomes carry the words that operators know."""
    with speaking("ja"):
        assert [difference_text(each) for each in Difference] == [
            "新規登録", "差分あり", "差分なし", "要確認",
        ]  # fmt: skip
        assert [status_text(each) for each in Status] == [
            "取得中", "同期待ち", "同期中", "一時停止", "完了", "一部エラー",
            "失敗", "中止", "期限切れ",
        ]  # fmt: skip
        assert len({outcome_text(each) for each in Outcome}) == len(Outcome)


def templates() -> Iterator[tuple[str, str]]:
    """Yield each template with its code."""
    for code, entry in TABLE.items():
        for words in (entry.words, entry.bare, entry.of_others, entry.of_a_fetch):
            for template in (words.says, words.todo) if words else ():
                yield code, template


def test_templates_name_parts_of_their_code_only() -> None:
    """A sentence can be filled whatever a remark brings, in both languages."""
    general = {"source", "target", "system", "resume", "Resume"}
    for language in ("en", "ja"):
        with speaking(language):
            for code, template in templates():
                formatted = string.Formatter().parse(_(template) if template else "")
                names = {name for _text, name, _spec, _kind in formatted if name}
                assert names <= general | {part.name for part in TABLE[code].parts}, code


def test_only_the_last_part_of_a_code_may_be_many() -> None:
    """Parts are stored one after the other: nothing could tell where the first ones end."""
    for entry in TABLE.values():
        assert not any(part.many for part in entry.parts[:-1]), entry.code
        assert len({part.name for part in entry.parts}) == len(entry.parts)


@given(data=st.data())
def test_a_remark_is_read_as_it_was_made(data: st.DataObject) -> None:
    """Whatever parts it is given, by name; those that are missing stay missing."""
    entry = data.draw(st.sampled_from(sorted(TABLE.values(), key=lambda each: each.code)))
    text = st.text(min_size=1)
    given_parts = {}
    for part in entry.parts:
        parts = data.draw(st.lists(text) if part.many else st.lists(text, max_size=1))
        given_parts[part.name] = tuple(parts)
    single = {part.name for part in entry.parts if not part.many}
    made = remark(
        entry.code,
        **{n: "".join(each) if n in single else each for n, each in given_parts.items()},
    )
    assert parts_of(made) == given_parts


def test_a_part_that_a_code_does_not_speak_of_is_a_mistake() -> None:
    """Nothing is lost that somebody wanted to say."""
    with pytest.raises(TypeError, match="no_number does not speak of fields"):
        remark("no_number", fields=("number",))


def test_what_a_connector_says_is_read_by_name_as_far_as_it_is_known() -> None:
    """Its code may be any, with any fields, and so may one that an earlier renkei has stored."""
    assert parts_of(Remark("visa_expired", ("visa",))) == {"fields": ("visa",)}
    assert parts_of(Remark("gone", ("number",))) == {}
    assert parts_of(Remark("created_without_number", ("emp_code",))) == {
        "field": ("emp_code",),
        "numbers": (),
    }


STORED = {
    "created_without_number": "field numbers",
    "unreadable": "system fields",
    "looks_like_my_number": "system fields",
    "scope_unknown": "system fields",
    "outside_scope": "count there",
    "field_empty": "system fields",
    "not_in_table": "field value",
    "left_before_base": "count day numbers",
    "left_but_active": "count days numbers",
    "left_long_ago": "count numbers",
    "account_named": "system name",
    "numbers_moved": "count numbers",
    "numbers_do_not_fit": "count examples",
    "left_by_then": "left base",
    "not_hired_by_then": "hired base",
    "field_unknown": "system fields",
    "partly_compared": "system count field",
    "not_compared": "system fields",
    "expected_intake": "change most begin end why",
    "unusual_creates": "count limit earlier",
    "first_registration": "count limit earlier",
    "unusual_updates": "count limit earlier",
    "unusual_leaving": "count limit earlier",
    "unusual_returning": "count limit earlier",
    "unusual_emptied": "count limit earlier fields",
    "over_expected": "change most begin end why count",
    "unusual_shrink": "count before",
    "unusual_shrink_target": "count before",
}


def test_parts_stand_where_stored_remarks_have_them() -> None:
    """A part that moves would be read as another one; a new one goes to the end."""
    found = {code: " ".join(part.name for part in each.parts) for code, each in TABLE.items()}
    assert {code: parts for code, parts in found.items() if " " in parts} == STORED


@pytest.mark.parametrize(
    ("remark", "parts"),
    [
        (
            Remark("missing_required", ("gender", "kana", "other")),
            [
                "Touch On Time に必要な値が、人事システムにありません",
                "性別、ヨミガナ、other。人事システムで",
            ],
        ),
        (
            Remark("field_unknown", ("hr", "gender")),
            ["人事システム: ", "変更しません: 戸籍上の性別。", "人事システムで全員が空です"],
        ),
        (
            Remark("left_before_base", ("2", "2026-11-14", "0042", "0043")),
            ["2 人（0042、0043）が、Touch On Time では", "基準日を2026年11月14日（土）にして、"],
        ),
        (Remark("resigned_in_target", ("2026-11-14",)), ["退職済みです（2026年11月14日（土））。"]),
        (
            Remark("timeout", ("tot",)),
            ["Touch On Time から時間内に", "しばらくしてから、再開してください"],
        ),
        (
            Remark("unusual_creates", ("60", "56")),
            [
                "新規登録が 60 人です（通常の上限は 1 日 56 人）。",
                "人数に心当たりがあるか確認してください。",
            ],
        ),
        (
            Remark("first_registration", ("60", "13", "5")),
            [
                "（通常の上限は 1 日 13 人。うち 5 人は本日すでに同期した分）",
                "Touch On Time には人事システムの従業員がまだほとんどいないため、初回の登録",
            ],
        ),
        (
            Remark("unusual_emptied", ("2", "1", "", "gender", "kana")),
            ["2 人です（性別、ヨミガナ。通常の上限は 1 日 1 人）。"],
        ),
        (
            Remark("expected_intake", ("creates", "60", "2027-04-01", "2027-04-10", "新卒入社")),
            ["2027年4月1日（木）から2027年4月10日（土）までの新規登録、60 人まで（新卒入社）。"],
        ),
        (
            Remark("unusual_shrink_target", ("3", "60")),
            ["Touch On Time の従業員が 3 人しかいません（前回は 60 人）。"],
        ),
        (Remark("values_of_today", ("hr",)), ["人事システムから取得する内容は、現在の情報です。"]),
    ],
)
def test_a_reason_names_the_systems_and_fields_as_people_call_them(
    remark: Remark, parts: list[str]
) -> None:
    """Labels of the connections and fields, and days as people write them."""
    with speaking("ja"):
        said = reason_text(remark, LABELS)
    assert all(part in said for part in parts), said


def test_who_types_commands_reads_names_and_plain_dates() -> None:
    """Behind the label of a field stands its name, and a day is written as `--date` takes it."""
    labels = evolve(LABELS, technical=True)
    assert "Gender (gender)" in reason_text(Remark("refused", ("gender",)), labels)
    about = ("1", "2026-11-14", "0042")
    assert "base date 2026-11-14" in reason_text(Remark("left_before_base", about), labels)


def test_without_a_run_the_systems_have_general_words() -> None:
    """With no run known they are the source and the target, without odd blanks."""
    remark = Remark("refused", ("gender",))
    assert reason_text(remark).startswith("The target refused this employee: gender.")
    with speaking("ja"):
        assert "連携先がこの従業員の" in reason_text(remark)
        assert "連携元で値を修正" in reason_text(remark)


@pytest.mark.parametrize(
    ("language", "resume", "again"),
    [("en", "esume", "etch again"), ("ja", "再開", "もう一度取得して")],
)
def test_a_failed_fetch_is_repeated_not_resumed(language: str, resume: str, again: str) -> None:
    """There is nothing to go on with: each reason that says to resume says to fetch again."""
    failed = evolve(LABELS, run=evolve(RUN, status=Status.FAILED))
    seen = 0
    with speaking(language):
        for code in set(CODES) - {"in_doubt"}:  # no fetch leaves a write in doubt
            told = reason_text(Remark(code), failed)
            if resume in reason_text(Remark(code), LABELS):
                seen += 1
                assert resume not in told, code
                assert again in told, code
    assert seen > 3


def test_an_interrupted_fetch_says_so() -> None:
    """It has its own words."""
    failed = evolve(LABELS, run=evolve(RUN, status=Status.FAILED))
    with speaking("ja"):
        told = reason_text(Remark("interrupted"), failed)
    assert told == "取得が途中で中断されました。もう一度取得してください。"


@pytest.mark.parametrize("blank", [" ", "\u3000", "\xa0"])
def test_a_blank_in_a_number_can_be_seen(blank: str) -> None:
    """A number that differs only by a blank does not look the same."""
    assert "(0095␣)" in reason_text(Remark("near_number", (f"0095{blank}",)))


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [
        ("en", 1, "1 call to tot"),
        ("en", 2, "2 calls to tot"),
        ("en", 0, "0 calls to tot"),
        ("ja", 1, "tot へ 1 リクエスト"),
        ("ja", 2, "tot へ 2 リクエスト"),
    ],
)
def test_one_is_not_said_as_many(language: str, count: int, text: str) -> None:
    """English has two forms, Japanese one; the catalogue chooses."""
    with speaking(language):
        found = ngettext("{count} call to {connection}", "{count} calls to {connection}", count)
    assert found.format(count=count, connection="tot") == text
