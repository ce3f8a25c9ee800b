"""The token of a connection, which shows itself to nobody but to the header that it goes into."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from renkei.errors import ConfigurationError
from renkei.words.i18n import _

if TYPE_CHECKING:
    from renkei.http.connection import Connection


class Secret:
    """A token. It shows itself only to :meth:`reveal`; raises ConfigurationError if unusable."""

    __slots__ = ("__forms", "__text")

    def __init__(self, text: str) -> None:
        if not is_sendable(text):
            message = _(
                "The token is empty, or holds a blank, a line break or a character that is not"
                " ASCII. Copy it again."
            )
            raise ConfigurationError(message, code="token")
        self.__text = text
        self.__forms = re.compile("|".join(map(re.escape, _forms(text))))

    def reveal(self) -> str:
        """Return the token itself, to be sent and to be kept nowhere else."""
        return self.__text

    def hidden_in(self, text: str) -> str:
        """Return *text* without the token in any form that was sent: a system may quote it."""
        return self.__forms.sub(repr(self), text)

    @property
    def account(self) -> str:
        """What tells the account that this opens from others; it may be the secret itself."""
        return self.__text

    def access(self, _connection: Connection) -> str:
        """Return what a request carries in the place of :meth:`reveal` at this moment."""
        return self.__text

    def give_up(self, access: str) -> None:
        """Take note that the system did not accept *access*."""

    def is_given_up(self, access: str) -> bool:  # noqa: ARG002 - there is only this one
        """Tell whether there may be another one to send in the place of *access*."""
        return False

    def __repr__(self) -> str:
        return "***"


def is_sendable(text: str) -> bool:
    """Tell whether *text* can stand in a header as one word."""
    return bool(text) and all("!" <= character <= "~" for character in text)


def _forms(token: str) -> list[str]:
    """Return *token* as it is, as a part of an address, and as Basic authentication has it."""
    plain = [token, f"{token}:", f":{token}"]
    basic = [base64.b64encode(each.encode()).decode().rstrip("=") for each in plain]
    # Whichever begins first is replaced, so that of two that begin alike the longer one has to.
    return sorted({token, quote(token, safe=""), *basic}, key=len, reverse=True)
