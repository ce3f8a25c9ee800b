"""Two languages through gettext: every sentence for people goes through ``_`` when it is made.

The language belongs to the context (a command, a request), so that one process can serve both.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renkei.people import Label

LANGUAGES = ("ja", "en")
_language: ContextVar[str] = ContextVar("language", default="en")


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark *message* for the catalogue without translating it yet."""
    return message


def _(message: str) -> str:
    """Return *message* in the language of this context; English is its own catalogue."""
    return _catalogue(_language.get()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Return what is said of *one*, or of *many*, whichever *count* is, in that language."""
    return _catalogue(_language.get()).ngettext(one, many, count)


def language() -> str:
    """Return the language of this context: ``ja`` or ``en``."""
    return _language.get()


def label(text: Label) -> str:
    """Return *text* in the language of this context."""
    return text.ja if _language.get() == "ja" else text.en


def set_language(name: str) -> None:
    """Speak *name* from here on in this context."""
    _language.set(name)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak *name* inside the block."""
    token = _language.set(name)
    try:
        yield
    finally:
        _language.reset(token)


def preferred(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language the environment asks for: RENKEI_LANG, the locale, else English."""
    for variable in ("RENKEI_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = environment.get(variable, "")
        if asked:
            return "ja" if asked.lower().startswith("ja") else "en"
    return "en"


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    from importlib.resources import as_file, files  # English starts without: it is a tenth of that

    with as_file(files("renkei") / "locale") as folder:
        return gettext.translation("renkei", folder, [name], fallback=True)
