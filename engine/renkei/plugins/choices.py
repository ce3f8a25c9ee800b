"""Choices of required new-record fields: which one is meant, and how equal ones are told apart.

What people see of a choice is its label. Where two of one field read alike, each shows its detail
as well (an address), or its code, wherever it is shown.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from attrs import evolve

from renkei.people import Choice
from renkei.text import comparable

_PLAIN = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x301C: "~"}


def label_key(label: str) -> str:
    """Return what labels share that read alike: width, composition, kinds of 〜, outer spaces."""
    return comparable(unicodedata.normalize("NFC", label).translate(_PLAIN))


def told_apart(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Return *choices*, those with a detail that need one to be told from another."""
    alike, shown = Counter[str](), Counter[tuple[str, str]]()
    for choice in choices:
        label, detail = label_key(choice.label), label_key(choice.detail)
        alike[label] += 1
        shown[label, detail] += 1
    apart = []
    for choice in choices:
        label, detail = label_key(choice.label), label_key(choice.detail)
        if alike[label] == 1:
            apart.append(evolve(choice, detail=""))
        elif detail and shown[label, detail] == 1:
            apart.append(choice)
        else:
            apart.append(evolve(choice, detail=choice.code))
    return tuple(apart)


def meant(choices: Sequence[Choice], text: str) -> list[Choice]:
    """Return those that *text* may mean: by code, by label, or else by what reads like a label."""
    key = label_key(text)
    by_code = [choice for choice in choices if choice.code == text]
    by_label = [choice for choice in choices if choice.label == text]
    alike = [each for each in choices if key in (label_key(each.label), label_key(each.shown))]
    # The code of one choice may read like the label of another, and only codes are unmistakable.
    return by_code or by_label or alike
