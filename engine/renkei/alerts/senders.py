"""The kinds of addresses that renkei sends to by itself, and the library for all others."""

from __future__ import annotations

import hashlib
import hmac
import os
import smtplib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from attrs import define

from renkei.alerts.notifier import (
    InDoubtError,
    Message,
    Notifier,
    NotSentError,
    Way,
    as_json,
    authorities,
    hookimpl,
)
from renkei.http.network import Network

CHATWORK = "https://api.chatwork.com/v2"
LINE_WORKS = "https://webhook.worksmobile.com/message"
LINE_WORKS_HOST = "webhook.worksmobile.com"

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def signed(secret: str, *, now: Callable[[], float] = time.time) -> Notifier:
    """
    Return what sends the facts as JSON, signed with *secret*.

    The signature is the HMAC-SHA256, in hexadecimal, of the time, a dot and the body: the receiver
    works it out anew and refuses what is old.
    """

    def send(message: Message, address: str, way: Way) -> None:
        body = as_json({"id": message.id, "title": message.title, "text": message.text,
                        "link": message.link, **message.facts})  # fmt: skip
        at = str(int(now()))
        digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            **_JSON,
            "X-Renkei-Id": message.id,
            "X-Renkei-Timestamp": at,
            "X-Renkei-Signature": f"sha256={digest}",
        }
        way.post(address, body, headers)

    return send


def chatwork(message: Message, address: str, way: Way) -> None:
    """Send to a room of Chatwork: ``chatwork://TOKEN@ROOM``."""
    parts = urlsplit(address)
    token, room = unquote(parts.username or ""), parts.hostname or ""
    if not (token and room.isdigit()):
        raise NotSentError("address")
    text = f"[info][title]{message.title}[/title]{_text(message)}[/info]"
    url = f"{CHATWORK}/rooms/{room}/messages"
    way.post(url, urlencode({"body": text}).encode(), {**_FORM, "X-ChatWorkToken": token})


def line_works(message: Message, address: str, way: Way) -> None:
    """Send to a talk room of LINE WORKS: ``lineworks://KEY``, or the address of its webhook."""
    parts = urlsplit(address)
    key = parts.path.rpartition("/")[2] if parts.hostname == LINE_WORKS_HOST else parts.netloc
    if not key:
        raise NotSentError("address")
    body = {"title": message.title, "body": {"text": _text(message)}}
    way.post(f"{LINE_WORKS}/{quote(key, safe='')}", as_json(body), _JSON)


class Ours:
    """The notifiers of renkei itself, behind the same hook as those of extensions."""

    @hookimpl
    def notifiers(self) -> Mapping[str, Notifier]:
        return {"chatwork": chatwork, "lineworks": line_works}


# --- the library ----------------------------------------------------------------------------------


def by_apprise(message: Message, address: str, way: Way) -> None:
    """Send with Apprise, which knows e-mail, Slack, Teams and many more."""
    with tempfile.TemporaryDirectory(prefix="renkei-notify-") as folder:
        os.environ.update(_environment(way.network, Path(folder)))
        try:
            import apprise
        except ImportError:
            raise NotSentError("apprise") from None
        asset = apprise.AppriseAsset(
            app_id="renkei",
            app_desc="renkei",
            app_url="",
            async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            image_url_mask="",
            image_url_logo="",
            http_redirects=False,
        )
        sender = apprise.Apprise(asset=asset)
        if not sender.add(address):
            raise NotSentError("address")
        for each in sender:
            each.verify_certificate = True  # whatever the address says
            each.socket_connect_timeout, each.socket_read_timeout = 5.0, way.timeout_s
        with _watched() as seen:
            text = apprise.NotifyFormat.TEXT
            sent = sender.notify(body=_text(message), title=message.title, body_format=text)
        if not sent:
            raise InDoubtError("timeout") if seen.doubt else NotSentError(seen.code)


def _text(message: Message) -> str:
    return f"{message.text}\n{message.link}" if message.link else message.text


def _environment(network: Network, folder: Path) -> dict[str, str]:
    """Return what the libraries below Apprise go by; a process sends to one address only."""
    found = {"NO_PROXY": "localhost,127.0.0.1,::1"}
    if network.proxy:
        found |= {"HTTP_PROXY": network.proxy, "HTTPS_PROXY": network.proxy}
    if (trusted := authorities(network, folder)) is not None:
        found |= {"REQUESTS_CA_BUNDLE": str(trusted), "SSL_CERT_FILE": str(trusted)}
    return found


@define
class _Seen:
    """How far Apprise came, which itself tells only whether all went well."""

    doubt: bool = False
    code: str = "refused"


@contextmanager
def _watched() -> Iterator[_Seen]:
    """Follow no redirect, and notice what was on its way when something went wrong."""
    import requests

    seen = _Seen()
    # Replaced for all of the process, which sends this one letter and ends.
    send, data = requests.Session.send, smtplib.SMTP.data

    def sending(self: requests.Session, request: Any, **more: Any) -> Any:  # noqa: ANN401
        seen.doubt = True
        self.max_redirects = 0
        try:
            answer = send(self, request, **more)
        except (requests.ConnectTimeout, requests.TooManyRedirects, requests.exceptions.SSLError):
            seen.doubt = False
            raise
        except requests.ConnectionError as error:
            # A line that never stood and one that broke in the middle are of one class here.
            seen.doubt = "NewConnectionError" not in repr(error)
            seen.code = "unreachable"
            raise
        seen.doubt = False
        seen.code = f"HTTP {answer.status_code}"
        return answer

    def sending_mail(self: smtplib.SMTP, text: Any) -> Any:  # noqa: ANN401
        seen.doubt = True  # what came before the text has delivered nothing
        answer = data(self, text)
        seen.doubt = False
        return answer

    requests.Session.send = sending  # type: ignore[method-assign]
    smtplib.SMTP.data = sending_mail  # type: ignore[method-assign, assignment]
    try:
        yield seen
    finally:
        requests.Session.send = send  # type: ignore[method-assign]
        smtplib.SMTP.data = data  # type: ignore[method-assign]
