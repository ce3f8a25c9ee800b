"""The token of a connection, which shows itself to nobody but to the header that it goes into."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from renkei.errors import ConfigurationError, ConnectorError
from renkei.words.i18n import _

if TYPE_CHECKING:
    from renkei.http.connection import Connection

_TELLING = 6
"""This many characters of Base64 are no chance: fewer may be a part of any word."""


class Secret:
    """
    A token, or None: there is none. It shows itself only to :meth:`reveal`.

    Raises ConfigurationError if it cannot be used.
    """

    __slots__ = ("__forms", "__text")

    def __init__(self, text: str | None) -> None:
        if text is not None and not is_sendable(text):
            message = _(
                "The token is empty, or holds a blank, a line break or a character that is not"
                " ASCII. Copy it again."
            )
            raise ConfigurationError(message, code="token")
        self.__text = text
        self.__forms = forms_of(() if text is None else (text,))

    def reveal(self) -> str:
        """Return the token itself, to be sent and to be kept nowhere else."""
        if self.__text is None:
            raise ConnectorError(_("The connector wants a token that it has not asked for."))
        return self.__text

    def hidden_in(self, text: str) -> str:
        """Return *text* without the token in any form that was sent: a system may quote it."""
        return self.__forms.sub(repr(self), text)

    @property
    def account(self) -> str:
        """What tells the account that this opens from others; it may be the secret itself."""
        return self.reveal()

    def access(self, _connection: Connection) -> str:
        """Return what a request carries in the place of :meth:`reveal` at this moment."""
        return self.__text or ""

    def give_up(self, access: str) -> None:
        """Take note that the system did not accept *access*."""

    def is_given_up(self, access: str) -> bool:  # noqa: ARG002 - there is only this one
        """Tell whether there may be another one to send in the place of *access*."""
        return False

    def __bool__(self) -> bool:
        return self.__text is not None

    def __repr__(self) -> str:
        return "***"


def is_sendable(text: str) -> bool:
    """Tell whether *text* can stand in a header as one word."""
    return bool(text) and all("!" <= character <= "~" for character in text)


def forms_of(texts: Iterable[str]) -> re.Pattern[str]:
    """Return what finds *texts*, whatever they hold, in every form in which they may be sent."""
    forms: set[str] = set()
    for text in texts:
        if text:
            forms.update(_forms(text))
    # Whichever begins first is found, so that of two that begin alike the longer one has to.
    found = map(re.escape, sorted(forms, key=len, reverse=True))
    # An empty pattern would match everywhere; this one matches nothing.
    return re.compile("|".join(found) or "(?!)")


def _forms(text: str) -> Iterator[str]:
    """Yield *text* as it is, as a part of an address and a form has it, and each in Base64."""
    for sent in {text, quote(text, safe="", errors="replace"), quote_plus(text, errors="replace")}:
        yield sent
        yield from _in_base64(sent.encode(errors="replace"))


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield *raw* in Base64, alone and as a part of more, such as Basic authentication."""
    yield base64.b64encode(raw).decode().rstrip("=")
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw).decode()
        # What stands before and after shares a character with the first and the last byte.
        inside = whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(inside) >= _TELLING:
            yield inside
