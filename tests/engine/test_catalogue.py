from __future__ import annotations

import io
import re
import string
from functools import cache
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "engine/renkei/locale/ja/LC_MESSAGES"
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2)}


Texts = str | tuple[str, ...] | list[str] | None


def first(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def msgids(folder: Path) -> set[str]:
    found = extract_from_dir(folder, METHODS, keywords=KEYWORDS)
    return {first(message) for _file, _line, message, _comments, _context in found} - {""}


@cache
def catalogue() -> Catalog:
    with (FOLDER / "renkei.po").open("rb") as file:
        return read_po(file, locale="ja")


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def placeholders(text: Texts) -> set[str]:
    texts = _strings(text)
    braces = {
        name
        for each in texts
        for _text, name, _spec, _kind in string.Formatter().parse(each)
        if name
    }
    return braces | {found for each in texts for found in re.findall(r"%\(\w+\)s", each)}


def test_every_sentence_is_in_the_catalogue() -> None:
    """Run `make i18n` after a sentence was added; then translate what is new."""
    ours = {
        msgid for part in ("engine", "connectors", "runner", "web") for msgid in msgids(ROOT / part)
    }
    assert ours - {first(message.id) for message in messages()} == set()


def test_every_sentence_is_translated() -> None:
    """No sentence is left in English, and none is a guess of a tool."""
    assert [message.id for message in messages() if message.fuzzy] == []
    assert [message.id for message in messages() if not all(_strings(message.string))] == []


def _strings(text: Texts) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def test_placeholders_are_the_same() -> None:
    """What a sentence is filled with appears in both languages."""
    assert [message.id for message in messages() if not _fits(message)] == []


def _fits(message: Message) -> bool:
    there, here = placeholders(message.id), placeholders(message.string)
    # Japanese has one form and takes what it needs from either of the two
    return here == there if isinstance(message.id, str) else here <= there


def test_the_compiled_catalogue_is_fresh() -> None:
    """The file that is installed says what the file that people edit says."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue())
    with (FOLDER / "renkei.mo").open("rb") as file:
        installed = read_mo(file)
    compiled.seek(0)
    fresh = read_mo(compiled)
    assert [(m.id, m.string) for m in installed] == [(m.id, m.string) for m in fresh]


def test_click_speaks_through_our_catalogue() -> None:
    """Every sentence of the installed click is known, so that no half of a screen stays English."""
    known = {first(message.id) for message in messages()}
    assert msgids(Path(click.__file__).parent) - known == set()
