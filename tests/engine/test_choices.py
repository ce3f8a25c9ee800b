"""Choices of required new-record fields: labels that read alike."""

from __future__ import annotations

import unicodedata

import pytest

from renkei.people import Choice
from renkei.plugins.choices import meant, told_apart

PLACES = (
    Choice("100", "東京本社（カスタマー）"),
    Choice("200", "Café〜大阪"),
    Choice("210", "営業部"),
    Choice("211", "営業部"),
    Choice("営業部", "第二営業部"),
    Choice("300", "支店A"),
    Choice("301", "支店Ａ"),
)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("100", ["100"]),
        ("営業部", ["営業部"]),
        ("東京本社(ｶｽﾀﾏｰ)", ["100"]),
        (" 東京本社（カスタマー）\u3000", ["100"]),
        (unicodedata.normalize("NFD", "Café〜大阪"), ["200"]),
        ("Ｃａｆé～大阪", ["200"]),
        ("Café~大阪", ["200"]),
        ("支店A", ["300"]),
        ("支店Ａ ", ["300", "301"]),
        ("１００", []),
        ("東京本社", []),
        ("", []),
    ],
)
def test_a_choice_is_meant_by_code_by_label_or_by_what_reads_alike(
    text: str, codes: list[str]
) -> None:
    """In this order; codes are exact, labels match as names do."""
    assert [choice.code for choice in meant(PLACES, text)] == codes


def test_equal_labels_are_told_apart_by_address_or_code() -> None:
    """Only where they are needed, and by the code where addresses are equal or missing."""
    choices = told_apart(
        (
            Choice("a", "東京本社", "千代田区1-1"),
            Choice("b", "東京本社", "港区2-2"),
            Choice("c", "東京本社"),
            Choice("d", "大阪支社", "北区3-3"),
            Choice("e", "支店A", "同じ所"),
            Choice("f", "支店Ａ", "同じ所"),
        )
    )
    assert [choice.shown for choice in choices] == [
        "東京本社 (千代田区1-1)", "東京本社 (港区2-2)", "東京本社 (c)",
        "大阪支社", "支店A (e)", "支店Ａ (f)",
    ]  # fmt: skip
    assert [choice.label for choice in choices][:2] == ["東京本社", "東京本社"]


def test_what_is_shown_can_be_given() -> None:
    """Somebody copies the line from the list, with what tells it from the other one."""
    choices = told_apart((Choice("a", "本社", "港区"), Choice("b", "本社", "北区")))
    assert [choice.code for choice in meant(choices, "本社 (北区)")] == ["b"]
    assert [choice.code for choice in meant(choices, "本社")] == ["a", "b"]
