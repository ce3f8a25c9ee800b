"""Printing that cannot fail: what the encoding of an output lacks is written in another way.

Terminals, logs and schedules have encodings of their own (EUC-JP, CP932, Latin-1, ASCII), and names
have characters that these lack. A table that breaks after the writes would hide what was done.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from typing import TextIO

ANOTHER_WAY = "renkei"
"""The name of our way to treat errors, beside Python's "strict" and "backslashreplace"."""

PLAIN = {
    "→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "−": "-", "〜": "~", "·": "-",
    "“": '"', "”": '"', "‘": "'", "’": "'", "␣": "_", "─": "-", "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip


def prepare() -> None:
    """Let nothing that is printed fail for want of a character, or of an output at all."""
    _open_what_is_closed()
    forgive(sys.stdout, sys.stderr)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a slip of the keyboard is no answer to a question


def forgive(*streams: TextIO) -> None:
    """Let these streams write in another way what their encoding lacks."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ANOTHER_WAY)


def is_utf8(stream: TextIO) -> bool:
    """Tell whether every character can be written to *stream*."""
    return codecs.lookup(_encoding_of(stream)).name == "utf-8"


def fitting(text: str, stream: TextIO) -> str:
    """Return *text* as *stream* can write it, before anything is measured by it."""
    return encoded(text, stream).decode(_encoding_of(stream))


def encoded(text: str, stream: TextIO) -> bytes:
    """Return the bytes of *text* for *stream*, to be written past it."""
    return text.encode(_encoding_of(stream), ANOTHER_WAY)


def _encoding_of(stream: TextIO) -> str:
    return stream.encoding or "utf-8"  # a text in memory has none


def _open_what_is_closed() -> None:
    """Let what is printed to a closed output (``>&-``) go nowhere, not into a file opened next."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - of the process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def _in_another_way(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelt, error.object[error.start : error.end])), error.end


def _spelt(character: str) -> str:
    """Return ASCII that stands for *character*: a likeness, or else its code."""
    likeness = PLAIN.get(character) or unicodedata.normalize("NFKC", character)
    if likeness.isascii():
        return likeness
    return character.encode("ascii", "backslashreplace").decode()


codecs.register_error(ANOTHER_WAY, _in_another_way)
