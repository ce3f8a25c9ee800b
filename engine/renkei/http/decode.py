"""Strict JSON, whole or element by element as it arrives; never shows a byte of what it reads.

What the standard library lets through is refused here, on every path: NaN and infinities, duplicate
keys, numbers that no system means, nesting deep enough to exhaust the stack, text after the end.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import NoReturn, TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

MAX_DEPTH = 64
MAX_DIGITS = 20  # a 64-bit number; longer ones are an attack on the parser, not an identifier
_BLANK = " \t\n\r"
_MARK_AND_BLANKS = codecs.BOM_UTF8 + _BLANK.encode()
_OURS = (b"", b"[", b"{")
_NOT_BLANK = re.compile(r"[^ \t\n\r]")
# In characters: the longest token that can be cut and look like a mistake (``\ud83d\ude00``).
_TAIL = 16


class NotJSON(ValueError):
    """The text breaks a rule of strict JSON near byte *at*."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class CutOff(NotJSON):
    """The text ends too early, at byte *at*."""


class WebPage(NotJSON):
    """The text is markup."""


class TooLarge(NotJSON):
    """One record, or the whole answer, is larger than the cap."""


class OtherShape(NotJSON):
    """The text is proper JSON but no array; *value* is what it is, or None if that is too large."""

    def __init__(self, value: JSON) -> None:
        super().__init__(0)
        self.value = value


class _Refused(ValueError):
    """A value inside the document that strict JSON does not have."""


class _Stuck(ValueError):
    """The decoder stopped at *position*; *inside*: in a string that has no end yet."""

    def __init__(self, position: int, *, inside: bool) -> None:
        super().__init__(position)
        self.position = position
        self.inside = inside


def parse(body: bytes, *, max_bytes: int) -> JSON:
    """Return the one document in *body*; raises NotJSON or one of its kinds."""
    text = _Text([body], max_bytes)
    value = text.value()
    text.end()
    return value


def elements(chunks: Iterable[bytes], *, max_record_bytes: int) -> Iterator[JSON]:
    """
    Yield each element of the array in *chunks* as soon as it is complete, in constant memory.

    Raises NotJSON or one of its kinds; CutOff if the array does not end, so that the elements
    before are never taken for the whole.
    """
    text = _Text(chunks, max_record_bytes)
    if text.peek() not in ("[", "<", ""):
        raise OtherShape(_whole(text))
    text.take("[")
    if text.peek() == "]":
        text.take("]")
    else:
        yield text.value()
        yield from text.objects()
        while text.take(",]") == ",":
            yield text.value()
            yield from text.objects()
    text.end()


def _whole(text: _Text) -> JSON:
    """Return the one value that *text* is, or None if it is larger than the cap."""
    try:
        value = text.value()
    except TooLarge:
        return None
    text.end()
    return value


def is_web_page(start: bytes, *, labelled: bool) -> bool:
    """
    Tell by its first byte whether what starts with *start* is a web page.

    *labelled*: it says that it is one. That counts only where the text cannot be ours either:
    systems and proxies put the label on JSON, too.
    """
    first = start.lstrip(_MARK_AND_BLANKS)[:1]
    return first == b"<" or (labelled and first not in _OURS)


def without_web_page(chunks: Iterable[bytes], *, labelled: bool) -> Iterator[bytes]:
    """Yield *chunks* on; raises WebPage at the first one that says anything if it is one."""
    begun = False
    for chunk in chunks:
        if not begun and chunk.strip(_MARK_AND_BLANKS):
            begun = True
            if is_web_page(chunk, labelled=labelled):
                raise WebPage(0)
        yield chunk


class _Text:
    """The part of a text that has arrived and is not used up; *cap* bounds one value, in bytes."""

    def __init__(self, chunks: Iterable[bytes], cap: int) -> None:
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._cap = cap
        self._buffer = ""
        self._position = 0  # of the next character in the buffer
        self._dropped = 0  # bytes of text before the buffer
        self._received = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is not blank, or nothing at the end."""
        while True:
            if found := _NOT_BLANK.search(self._buffer, self._position):
                self._position = found.start()
                return found.group()
            self._position = len(self._buffer)
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Use up one of the *expected* characters and return it."""
        character = self.peek()
        if not character:
            raise CutOff(self._at())
        if character not in expected:
            raise WebPage(self._at()) if character == "<" else NotJSON(self._at())
        self._position += 1
        return character

    def value(self) -> JSON:
        """Use up one whole value and return it."""
        if self.peek() == "<":
            raise WebPage(self._at())
        while True:
            try:
                value, end = _decode(self._buffer, self._position)
            except _Stuck as stuck:
                self._wait_for_more(stuck)
            except (_Refused, RecursionError):
                raise NotJSON(self._at()) from None
            else:
                if isinstance(value, (dict, list, str)) or self._settled(end):
                    return self._use_up(value, end)
                self._more()

    def objects(self) -> Iterator[JSON]:
        """
        Use up the objects that follow, each right after a comma, and yield them.

        It ends before whatever has to be looked at well: that is left to :meth:`value`.
        """
        while self._buffer.startswith(",{", self._position):
            start = self._position + 1
            try:
                value, end = _DECODER.raw_decode(self._buffer, start)
            except (ValueError, RecursionError):  # perhaps it is only incomplete
                return
            if (end - start) * 4 > self._cap or _brackets(self._buffer, start, end) > MAX_DEPTH:
                return
            self._position = end
            yield value

    def end(self) -> None:
        """Require that nothing but blanks is left."""
        if self.peek():
            raise NotJSON(self._at())

    def _use_up(self, value: JSON, end: int) -> JSON:
        # Four bytes a character at most: only what may be over the cap is encoded to be measured.
        size = end - self._position
        if size * 4 > self._cap and len(self._buffer[self._position : end].encode()) > self._cap:
            raise TooLarge(self._at())
        self._position = end
        return value

    def _wait_for_more(self, stuck: _Stuck) -> None:
        """Read on if the value may only be incomplete; otherwise say what is wrong with it."""
        incomplete = stuck.inside or len(self._buffer) - stuck.position <= _TAIL
        if not incomplete:
            raise NotJSON(self._at(stuck.position)) from None
        if len(self._buffer) - self._position > self._cap:
            raise TooLarge(self._at()) from None
        if not self._more():
            # At the very end only what reaches the end is cut off; the rest is a mistake.
            raise CutOff(self._received) from None

    def _settled(self, end: int) -> bool:
        """Tell whether a number or a word really ends at *end*: ``1`` may go on as ``1.5``."""
        rest = self._buffer[end : end + _TAIL + 1]
        return self._ended or len(rest) > _TAIL or rest[:1] in (",", "]", "}", *_BLANK)

    def _more(self) -> bool:
        """
        Read until what is left in the buffer has doubled; false at the end of the text.

        Doubling keeps the work linear when a large value arrives in tiny pieces.
        """
        if self._ended:
            return False
        self._dropped += len(self._buffer[: self._position].encode())
        parts = [self._buffer[self._position :]]
        size, wanted = len(parts[0]), 2 * len(parts[0]) + 1
        while size < wanted and not self._ended:
            parts.append(self._next_chunk())
            size += len(parts[-1])
        self._buffer, self._position = "".join(parts), 0
        return size > len(parts[0]) or not self._ended

    def _next_chunk(self) -> str:
        chunk = next(self._chunks, None)
        try:
            text = self._decoder.decode(chunk or b"", final=chunk is None)
        except UnicodeDecodeError as error:
            at = self._received + error.start
            raise (CutOff(at) if chunk is None else NotJSON(at)) from None
        self._ended = chunk is None
        self._received += len(chunk or b"")
        return text

    def _at(self, position: int | None = None) -> int:
        before = self._buffer[: self._position if position is None else position]
        return self._dropped + len(before.encode())


def _decode(text: str, start: int) -> tuple[JSON, int]:
    """Return the value at *start* and where it ends."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:  # holds the whole text: it must not travel on
        raise _Stuck(error.pos, inside=error.msg.startswith("Unterminated string")) from None
    if _brackets(text, start, end) > MAX_DEPTH and _deeper_than(MAX_DEPTH, value):
        raise _Refused
    return value, end


def _brackets(text: str, start: int, end: int) -> int:
    """Return how many brackets open: as deep as that a value may be nested, and no deeper."""
    return text.count("[", start, end) + text.count("{", start, end)


def _deeper_than(limit: int, value: JSON) -> bool:
    """Tell whether *value* is nested more than *limit* levels deep."""
    level = [value]
    for _level in range(limit + 1):
        inside = [item for item in level if isinstance(item, (dict, list))]
        if not inside:
            return False
        # Only what may go deeper is kept, in one walk without calls of our own: every page of many
        # records is looked at here.
        level = [
            item
            for outer in inside
            for item in (outer.values() if type(outer) is dict else outer)
            if type(item) is dict or type(item) is list
        ]
    return True


def _unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    result = dict(pairs)
    # F12: of two equal keys each parser takes another one.
    if len(result) != len(pairs):
        raise _Refused
    return result


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Refused
    return int(digits)


def _number(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise _Refused
    return number


def _constant(_name: str) -> NoReturn:
    raise _Refused


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
