"""Whether a list that is read in parts is whole: what all ways of reading one ask for."""

from __future__ import annotations

import re

from renkei.errors import AnswerError, ListChangedError
from renkei.words.i18n import _

EMPTY_PARTS = 50
"""This many parts in a row with nobody new, though each says that it goes on, are the end."""

_PARAMETER = r"""\s*;\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?"""
_LINK = re.compile(rf"<([^>]*)>((?:{_PARAMETER})*)")
_OF_LINK = re.compile(_PARAMETER)


def next_link(header: str) -> str | None:
    """Return the target of the link to the next page in a ``Link`` header (RFC 8288), if any."""
    for target, parameters, *_rest in _LINK.findall(header):
        said: dict[str, str] = {}
        for name, value in _OF_LINK.findall(parameters):
            text = re.sub(r"\\(.)", r"\1", value.strip('"'))
            said.setdefault(name.lower(), text)  # the first one counts (RFC 8288, section 3.3)
        kinds = said.get("rel", "").lower().split()
        if "next" in kinds and "anchor" not in said:  # with an anchor: of another page
            return str(target)
    return None


def same_total(name: str, known: int | None, told: int | None) -> int | None:
    """Return the total as it is known now; ListChangedError if another one was told before."""
    if told is None:
        return known
    if known not in (None, told):
        raise changed(name)
    return told


def changed(name: str) -> ListChangedError:
    """Return the error for a list of connection *name* that does not add up."""
    message = _("{name}: the list changed while it was read, or is not whole. Fetch again.")
    return ListChangedError(message.format(name=name), where=name)


def no_id(name: str, position: int) -> AnswerError:
    """Return the error for the record at *position* of a list, which does not say whose it is."""
    message = _("{name}: record {position} of a list has no id. Ask the system's support.")
    return AnswerError(message.format(name=name, position=position), where=name)
