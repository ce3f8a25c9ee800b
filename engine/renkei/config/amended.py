"""The text of a configuration file with one thing changed or added; every other character stays.

People write that file, with comments and in a style of their own, which is kept to. Whether the new
text says what is meant, reading it again shows: whoever asks for it does so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from renkei.config.records import ConnectionConfig
from renkei.yamlfile.source import Data, Document, Where

_SCALAR = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[\w-]+")
_WRITTEN = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[^\s#,{}][^\n#,{}]*")
_PLAIN = re.compile(r"(?:file:|https?://)?[A-Za-z0-9./](?:[A-Za-z0-9._/:-]*[A-Za-z0-9_/])?")
_MEANS_ELSE = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_SPECIAL = re.compile(r"(?:---|\.\.\.)")


def with_setting(document: Document, use: Where, name: str, *, on: bool) -> str:
    """Return the text in which the setting is *on*: its value changed, or an entry added."""
    entry = f"{name}: {boolean(on)}"
    written = _at(document, use)
    settings = written.get("settings") if isinstance(written, dict) else None
    if isinstance(settings, dict) and name in settings:
        return _with_scalar(document, (*use, "settings", name), boolean(on))
    if isinstance(settings, dict):
        return _with_entry(document, (*use, "settings"), entry, empty=not settings)
    return _with_entry(document, use, f"settings: {{{entry}}}", empty=False)


def with_key(document: Document, key: str, word: str) -> str:
    """Return the text with that value, or with a new line above the first key."""
    text = document.text
    data = cast("dict[str, Data]", document.data)
    if key in data:
        return _with_scalar(document, (key,), word)
    start = _at_place(document, document.at((next(iter(data)),), key=True))
    return f"{text[:start]}{key}: {word}{_end(document)}{text[start:]}"


def with_connection(document: Document, name: str, new: ConnectionConfig) -> str:
    """Return the text with one more connection, behind those that are there."""
    parts = {
        "connector": new.connector,
        "label": new.label,
        "base_url": new.base_url,
        "token": cast("str", new.token),
    }
    lines = [f"{key}: {quoted(value)}" for key, value in parts.items() if value]
    if new.options:
        lines.append(f"options: {json.dumps(new.options, ensure_ascii=False)}")
    indented = [f"  {line}" for line in lines]
    in_block = [f"{name}:", *indented]
    there = cast("dict[str, dict[str, Data]]", document.data)["connections"]
    text, start = document.text, _offset(document, ("connections",))
    if not there:  # {}, in whose place a block comes
        end = text.index("}", start) + 1
        block = _block(in_block, 2, document).strip()
        return f"{text[:start].rstrip(' ')}{_end(document)}  {block}{text[end:]}"
    if text.startswith("{", start):
        inside = ", ".join(lines)
        return f"{text[: start + 1]}{name}: {{{inside}}}, {text[start + 1 :]}"
    _line, column = document.at(("connections", next(iter(there))), key=True)
    return _behind(document, "connections", in_block, column - 1)


def with_token(document: Document, name: str, reference: str) -> str:
    """Return the text in which a connection has that token."""
    where = ("connections", name)
    data = cast("dict[str, dict[str, dict[str, Data]]]", document.data)
    if "token" not in data["connections"][name]:
        return _with_entry(document, where, f"token: {reference}", empty=False)
    start = _offset(document, (*where, "token"))
    found = _WRITTEN.match(document.text, start)
    end = start + len(found[0].rstrip()) if found else start
    return f"{document.text[:start]}{quoted(reference)}{document.text[end:]}"


def with_use(document: Document, use: str, sides: Mapping[str, str]) -> str:
    """Return the text with one more use of a mapping, for the connections of its *sides*."""
    paired = ", ".join(f"{side}: {name}" for side, name in sides.items())
    entry = f"{{use: {use}, sides: {{{paired}}}}}"
    text, data = document.text, cast("dict[str, list[Data]]", document.data)
    if "mappings" not in data:
        end = "" if not text or text.endswith("\n") else _end(document)
        return f"{text}{end}mappings:{_end(document)}  - {entry}{_end(document)}"
    start = _offset(document, ("mappings",))
    if text.startswith("[", start):
        more = ", " if data["mappings"] else ""
        return f"{text[: start + 1]}{entry}{more}{text[start + 1 :]}"
    line = text.splitlines()[document.at(("mappings", 0))[0] - 1]
    return _behind(document, "mappings", [f"- {entry}"], line.index("-"))


def boolean(on: bool) -> str:  # noqa: FBT001
    """Return how the file says whether something is *on*."""
    return "true" if on else "false"


def quoted(text: str) -> str:
    """Return a text as it stands in the file: in quotes only where it would mean something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _MEANS_ELSE
    return text if plain else json.dumps(text, ensure_ascii=False)


def _with_scalar(document: Document, where: Where, word: str) -> str:
    """Return the text with *word* in the place of the value at *where*."""
    text, start = document.text, _offset(document, where)
    found = _SCALAR.match(text, start)
    after = found.end() if found else start
    return f"{text[:start]}{word}{text[after:]}"


def _with_entry(document: Document, where: Where, entry: str, *, empty: bool) -> str:
    """Return the text in which the mapping at *where*, in whichever style, begins with *entry*."""
    text, start = document.text, _offset(document, where)
    if text.startswith("{", start):
        comma = "" if empty else ", "
        return f"{text[: start + 1]}{entry}{comma}{text[start + 1 :]}"
    _line, column = document.at(where)
    return f"{text[:start]}{entry}{_end(document)}{' ' * (column - 1)}{text[start:]}"


def _behind(document: Document, key: str, lines: Sequence[str], indent: int) -> str:
    """Return the text with *lines* behind the last one of the block of a *key* at the top."""
    own = document.text.splitlines(keepends=True)
    first = document.at((key,), key=True)[0]
    last = first
    for number, line in enumerate(own[first:], first + 1):
        is_next_key = not line.startswith((" ", "\t", "-", "#", "\r", "\n"))
        if is_next_key or _SPECIAL.match(line):
            break
        is_content = line.strip() and not line.lstrip().startswith("#")
        if is_content:
            last = number
    if not own[last - 1].endswith("\n"):
        own[last - 1] += _end(document)
    return "".join([*own[:last], _block(lines, indent, document), *own[last:]])


def _block(lines: Sequence[str], indent: int, document: Document) -> str:
    before, end = " " * indent, _end(document)
    return "".join(f"{before}{line}{end}" for line in lines)


def _end(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _at(document: Document, where: Where) -> object:
    data: object = document.data
    for part in where:
        data = data[part]  # type: ignore[index]  # the configuration has been read: it is there
    return data


def _offset(document: Document, where: Where) -> int:
    """Return the place of a value as an index into the text."""
    return _at_place(document, document.at(where))


def _at_place(document: Document, place: tuple[int, int]) -> int:
    line, column = place
    lines = document.text.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + column - 1
