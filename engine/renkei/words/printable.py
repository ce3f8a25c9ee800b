"""Text made harmless for a terminal, a log or a page: what cannot be seen is spelt out."""

from __future__ import annotations

import re

# C0 and C1 controls, zero-width and bidirectional marks, line separators, surrogates, tags
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    r"""Return *text* with every control or invisible character spelt out, such as ``\x1b``."""
    return _HIDDEN.sub(_spelt, text)


def one_line(text: str) -> str:
    """Return the lines of *text* as one: where each has a row of its own."""
    lines = [line.strip() for line in text.splitlines()]
    return " / ".join(filter(None, lines))


def json_safe(document: str) -> str:
    """Return the same JSON *document* without a raw control or invisible character."""
    # Line by line: the line ends of an indented document are none of its values.
    return "\n".join(_HIDDEN.sub(_json_escape, line) for line in document.split("\n"))


def _spelt(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    # JSON escapes units of UTF-16: a character beyond U+FFFF takes two.
    encoded = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{encoded[i : i + 4]}" for i in range(0, len(encoded), 4))
