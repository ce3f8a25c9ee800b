from __future__ import annotations

import string

import pytest

from renkei.i18n import speaking
from renkei.model import Difference, Outcome, Remark, Status
from renkei.texts import codes, difference_text, outcome_text, reason_text, status_text

CODES = sorted(codes())


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("code", CODES)
def test_every_code_is_a_sentence(code: str, language: str) -> None:
    """Each code reads as a sentence with any number of parts, and no placeholder is left."""
    with speaking(language):
        for about in ((), ("a",), ("2", "2026-11-14", "0042", "0043")):
            text = reason_text(Remark(code, about))
            assert text != code
            assert "{" not in text
            assert text.rstrip().endswith((".", "。"))


@pytest.mark.parametrize("code", CODES)
def test_japanese_is_japanese(code: str) -> None:
    """No sentence is left in English."""
    with speaking("ja"):
        text = reason_text(Remark(code, ("x",)))
    kana = sum("ぁ" <= character <= "ヿ" for character in text)
    assert kana > 3


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
            "失敗", "取消", "期限切れ",
        ]  # fmt: skip
        assert len({outcome_text(each) for each in Outcome}) == len(Outcome)


def test_templates_use_known_parts_only() -> None:
    """A sentence can be filled whatever a remark brings."""
    from renkei import texts

    for template in {**texts._REASONS, **texts._WITHOUT_PARTS}.values():
        names = {name for _text, name, _spec, _kind in string.Formatter().parse(template) if name}
        assert names <= {"fields", "first", "second", "rest", "others"}
