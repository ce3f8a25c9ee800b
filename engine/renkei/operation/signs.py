"""What the doctor says: one sign for each thing that it has looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from renkei.errors import RenkeiError
from renkei.words.i18n import _

Subject = Literal[
    "versions",
    "configuration",
    "store",
    "dashboard",
    "disk",
    "clock",
    "schedules",
    "queue",
    "tokens",
    "retention",
    "messages",
    "companies",
    "systems",
]

Level = Literal["ok", "note", "warning", "problem"]
"""As those of a check: *warning* and *problem* need a look."""


@frozen
class Sign:
    """
    One thing that the doctor has looked at; *code* is stable, *message* is for people.

    *figures* are numbers about it, which tell of nobody: they alone leave the house with the code.
    """

    subject: Subject
    level: Level
    code: str
    message: str
    company: str = ""
    figures: Mapping[str, int | float] = field(factory=dict)

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody should do something about it."""
        return self.level in ("warning", "problem")


def subject_text(subject: Subject) -> str:
    """Return what people call a subject."""
    texts: dict[Subject, str] = {
        "versions": _("versions"),
        "configuration": _("configuration"),
        "store": _("report store"),
        "dashboard": _("dashboard"),
        "disk": _("disk"),
        "clock": _("clock"),
        "schedules": _("schedules"),
        "queue": _("jobs in line"),
        "tokens": _("files with secrets"),
        "retention": _("retention"),
        "messages": _("messages"),
        "companies": _("companies"),
        "systems": _("systems"),
    }
    return texts[subject]


def needing(signs: Sequence[Sign]) -> list[Sign]:
    """Return those that somebody should look at."""
    return [each for each in signs if each.needs_a_look]


def problem_of(subject: Subject, code: str, error: RenkeiError) -> Sign:
    """Return what says that something does not work, in the words of an *error*."""
    return Sign(subject, "problem", code, error.message)


def megabytes(count: int) -> str:
    """Return *count* bytes as millions of them, in digits: one of them after the point if few."""
    return f"{count / 1_000_000:,.0f}" if count >= 10_000_000 else f"{count / 1_000_000:.1f}"
