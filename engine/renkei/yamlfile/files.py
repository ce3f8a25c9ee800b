"""Reading a text file that a person wrote, or saying in one line why that cannot be done."""

from __future__ import annotations

import re
from pathlib import Path

from renkei.errors import MappingError, Problem
from renkei.words.i18n import _

MAX_BYTES = 256 * 1024
_USUAL = 8 * 1024
"""Nearly every file is smaller; to set aside room for the largest one takes longer than reading."""

_BOM = b"\xef\xbb\xbf"


def read_file(path: Path) -> str:
    """
    Return the text of *path*, which is UTF-8, with or without a byte order mark.

    Raises MappingError if it cannot be read, is too large, or is in another encoding.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_USUAL)
            if len(raw) == _USUAL:
                raw += file.read(len(_BOM) + MAX_BYTES + 1 - _USUAL)  # one more tells "too large"
    except OSError as error:
        raise refusal(str(path), (1, 1), _reason(error)) from None
    raw = raw.removeprefix(_BOM)
    if len(raw) > MAX_BYTES:
        raise refusal(str(path), (1, 1), too_large())
    return _decode(raw, str(path))


def refusal(path: str, place: tuple[int, int], message: str) -> MappingError:
    """Return the error that *path* has this one problem at *place*, a line and a column."""
    return MappingError([Problem(path, *place, message)])


def too_large() -> str:
    """Return the sentence for a file that is too large to have been written by hand."""
    return _("the file is larger than {limit} KiB").format(limit=MAX_BYTES // 1024)


def place_after(text: str) -> tuple[int, int]:
    """Return line and column of what follows *text*."""
    lines = re.split("\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1


def _decode(raw: bytes, path: str) -> str:
    # With its mark, or without: of Latin letters every other byte is NUL.
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4]:
        raise refusal(path, (1, 1), _not_utf8("UTF-16"))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        place = place_after(raw[: error.start].decode())
        raise refusal(path, place, _not_utf8(_guess(raw))) from None


def _guess(raw: bytes) -> str | None:
    """Return the Japanese encoding that *raw* is in; few texts in CP932 happen to be EUC-JP too."""
    for encoding, name in (("euc_jp", "EUC-JP"), ("cp932", "CP932 (Shift_JIS)")):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return name
    return None


def _not_utf8(encoding: str | None) -> str:
    if encoding is None:
        return _("the file is not in UTF-8; save it as UTF-8")
    sentence = _("the file is in {encoding}, not in UTF-8; save it as UTF-8")
    return sentence.format(encoding=encoding)


def _reason(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return _("there is no such file")
        case IsADirectoryError():
            return _("this is a folder, not a file")
        case PermissionError():
            return _("there is no permission to read this file")
    return _("the file cannot be read: {reason}").format(reason=error.strerror)
