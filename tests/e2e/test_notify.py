"""Being told, from the command line to those who listen: counts and links, and a run unharmed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attrs import define, field
from tests.e2e.office import Office
from tests.security.canaries import found


@define
class Listener:
    """What has arrived: headers and body of each message."""

    address: str
    bodies: list[bytes] = field(factory=list)
    headers: list[dict[str, str]] = field(factory=list)
    fails: bool = False

    def taken(self) -> list[dict[str, Any]]:
        """Return what has arrived since the last look."""
        messages = [json.loads(body) for body in self.bodies]
        self.bodies.clear()
        self.headers.clear()
        return messages


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Listen on this computer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            heard.headers.append(dict(self.headers.items()))
            self.send_response(500 if heard.fails else 204)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listener(f"http://127.0.0.1:{server.server_port}/renkei")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HOOK_KEY", "k3y")
    yield heard
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.security(44, 55)
def test_a_command_tells_counts_and_links_and_nothing_of_anybody(
    office: Office, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed; the same that the inbox lists; once; and a receiver out of reach changes nothing."""
    written = f"{{url: '{listener.address}', secret: env:HOOK_KEY, done: true}}"
    notify = f"notify: {{to: [{written}], dashboard: 'https://r.example.jp'}}"
    office.configure(extra=f"{office.rest}\n{notify}")
    office.ask("run", "smarthr", "touchontime", "--difference", "changed", "--allow-unusual")
    told = [body for body in listener.bodies if found(body)]
    assert told == []
    (body, *_more), (headers, *_others) = listener.bodies, listener.headers
    signed = headers["X-Renkei-Timestamp"].encode() + b"." + body
    digest = hmac.new(b"k3y", signed, hashlib.sha256).hexdigest()
    assert headers["X-Renkei-Signature"] == f"sha256={digest}"
    messages = {each["event"]: each for each in listener.taken()}
    assert set(messages) == {"states", "done"}
    needs = office.ask("notify", "list").json["needs"]
    assert {each["kind"] for each in needs} == {e["kind"] for e in messages["states"]["open"]}
    assert all(each["told_at"] for each in needs)
    assert messages["done"]["link"] == "https://r.example.jp/runs/1"
    listener.fails = True
    office.system("smarthr").revoke()
    assert office.ask("fetch", "smarthr", "touchontime").code == 4
    assert [each["open"][0]["kind"] for each in listener.taken()] == ["token"]
    refused = office.ask("notify", "test")
    assert (refused.code, refused.json["receivers"][0]["fate"]) == (4, "refused")
    assert "HTTP 500" in office.renkei("notify", "test").out
    monkeypatch.delenv("HOOK_KEY")
    (receiver,) = office.ask("notify", "test").json["receivers"]
    assert (receiver["fate"], receiver["code"]) == ("refused", "token")
    assert "HOOK_KEY" in office.renkei("notify", "test").out
    monkeypatch.setenv("HOOK_KEY", "k3y")
    listener.fails = False
    assert office.ask("notify", "test").json["ok"]
    assert found("".join(map(str, listener.taken()))) == set()


def test_without_receivers_there_is_nobody_to_try(office: Office) -> None:
    """It says what to add; and a list is there all the same."""
    assert office.ask("notify", "test").code == 2
    assert office.ask("notify", "list").json["needs"] == []
    assert "Nothing needs a person." in office.renkei("notify", "list").out
