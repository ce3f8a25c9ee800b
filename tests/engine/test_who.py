"""Who is recorded: the name that somebody gives, and always the login it came with."""

from __future__ import annotations

import getpass
import socket

import pytest

from renkei.who import recorded


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that is the same on every computer."""
    monkeypatch.setattr(getpass, "getuser", lambda: "batch")
    monkeypatch.setattr(socket, "gethostname", lambda: "server")


@pytest.mark.security(46)
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, "batch@server"),
        ("", "batch@server"),
        (" \t\n", "batch@server"),
        ("\u202e\x1b", "batch@server"),
        ("佐藤 花子", "佐藤 花子 (batch@server)"),
        ("  佐藤\n花子\x1b[31m ", "佐藤 花子[31m (batch@server)"),
        ("admin (root@server)", "admin (root@server) (batch@server)"),
        ("x\udce3y", "xy (batch@server)"),
    ],
)
def test_a_name_stands_beside_the_login(given: str | None, kept: str) -> None:
    """On one line, without what cannot be seen; the last brackets are always the login's."""
    assert recorded(given) == kept


def test_a_long_name_leaves_room_for_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is given fits into what the store holds, and the login is still told."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 300)
    text = recorded("長" * 500)
    assert len(text) <= 200
    assert text.startswith("長" * 79 + "… (batch@hhh")


def test_a_login_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run under an id that nobody has named."""

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert recorded("佐藤").startswith("佐藤 (")
    assert recorded(None).endswith("@server")
