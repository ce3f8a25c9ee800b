"""Who may call Touch On Time, when, and how often: tokens, closed hours, limits, rights."""

from __future__ import annotations

import time

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox


def refused(answer: httpx.Response, status: int, code: int) -> None:
    """Check for one entry of the common error shape."""
    assert answer.status_code == status
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("clock", "closed"),
    [
        ("08:29:59", False),
        ("08:30:00", True),
        ("09:59:59", True),
        ("10:00:00", False),
        ("17:29:59", False),
        ("17:30:00", True),
        ("18:29:59", True),
        ("18:30:00", False),
        ("00:00:00", False),
    ],
)
def test_closed_hours(box: Sandbox, touchontime: httpx.Client, clock: str, *, closed: bool) -> None:
    """The start of each band is closed and its end is open, every day."""
    box.clock.freeze(f"2026-11-22T{clock}+09:00")
    answer = touchontime.get("/company")
    if not closed:
        assert answer.status_code == 200
        return
    refused(answer, 403, 104)
    message = answer.json()["errors"][0]["message"]
    assert message.endswith("[08:30 ～ 10:00, 17:30 ～ 18:30]")


def test_closed_hours_go_by_japanese_time_and_can_be_switched(
    box: Sandbox, touchontime: httpx.Client
) -> None:
    """An instant of another offset counts in Japanese time; bands can be changed or off."""
    box.clock.freeze("2026-11-20T00:00:00+00:00")
    refused(touchontime.post("/employees", json={}), 403, 104)
    box.touchontime.switches.bands = [("12:00", "13:00")]
    assert touchontime.get("/company").status_code == 200
    box.clock.freeze("2026-11-20T12:30:00+09:00")
    refused(touchontime.get("/company"), 403, 104)
    box.touchontime.switches.closed_hours = False
    assert touchontime.get("/company").status_code == 200


def test_tokens_are_open_in_closed_hours(box: Sandbox, touchontime: httpx.Client) -> None:
    """The availability of a token can be asked at any hour."""
    box.clock.freeze("2026-11-20T09:00:00+09:00")
    answer = touchontime.get(f"/tokens/{box.touchontime.token}/available")
    assert (answer.status_code, answer.json()) == (200, {"available": True})


def test_availability_of_a_bad_token(box: Sandbox, touchontime: httpx.Client) -> None:
    """An unknown or revoked token is not available; with the switch it is an error."""
    assert touchontime.get("/tokens/nonsense/available").json() == {"available": False}
    box.touchontime.switches.invalid_available = "error"
    refused(touchontime.get("/tokens/nonsense/available"), 403, 100)


def test_token_can_be_renewed_and_deleted(box: Sandbox, touchontime: httpx.Client) -> None:
    """POST replaces the token and stops the old one; DELETE stops it for good."""
    old = box.touchontime.token
    answer = touchontime.post(f"/tokens/{old}")
    assert answer.status_code == 201
    new = answer.json()["token"]
    assert box.touchontime.token == new != old
    refused(touchontime.get("/company"), 403, 100)
    touchontime.headers["Authorization"] = f"Bearer {new}"
    assert touchontime.get("/company").status_code == 200
    assert touchontime.delete(f"/tokens/{new}").status_code == 204
    refused(touchontime.get("/company"), 403, 100)
    assert [entry.kind for entry in box.journal if entry.accepted] == ["other", "other"]


@pytest.mark.parametrize(
    "header",
    [None, "Bearer wrong", pytest.param("sandbox-touchontime-token", id="no Bearer")],
)
def test_bad_token(box: Sandbox, header: str | None) -> None:
    """A wrong or missing token, or one without "Bearer", answers 403 with code 100."""
    headers = {} if header is None else {"Authorization": header}
    url = f"{box.touchontime.base_url}/company"
    refused(httpx.get(url, headers=headers, verify=PLAIN, trust_env=False), 403, 100)
    box.touchontime.switches.refusal = "401/111"
    refused(httpx.get(url, headers=headers, verify=PLAIN, trust_env=False), 401, 111)


def test_address_and_rights_look_like_a_bad_token(box: Sandbox, touchontime: httpx.Client) -> None:
    """A caller's address or a right that is missing answers exactly like a wrong token."""
    box.touchontime.switches.ip_permitted = False
    refused(touchontime.get("/company"), 403, 100)
    box.touchontime.switches.ip_permitted = True
    box.touchontime.switches.no_read = {"divisions"}
    refused(touchontime.get("/divisions"), 403, 100)
    box.touchontime.switches.no_write = {"employees"}
    refused(touchontime.post("/employees", json={}), 403, 100)
    assert touchontime.get("/employees").status_code == 200


def test_order_of_checks(box: Sandbox, touchontime: httpx.Client) -> None:
    """Token before hours, hours before rate, rate before right, right before route."""
    box.clock.freeze("2026-11-20T09:00:00+09:00")
    box.touchontime.switches.limit = 0
    box.touchontime.switches.no_write = {"nothing"}
    box.touchontime.revoke()
    refused(touchontime.post("/nothing"), 403, 100)
    box.touchontime.restore()
    refused(touchontime.post("/nothing"), 403, 104)
    box.clock.freeze("2026-11-20T12:00:00+09:00")
    assert touchontime.post("/nothing").status_code == 429
    box.touchontime.switches.limit = 10
    refused(touchontime.post("/nothing"), 403, 100)
    box.touchontime.switches.no_write = set()
    refused(touchontime.post("/nothing"), 404, 9013)


def test_rate_limit(box: Sandbox, touchontime: httpx.Client) -> None:
    """Too many requests in the window have the flat shape with a code that is a string."""
    switches = box.touchontime.switches
    assert (switches.limit, switches.limit_window_s) == (500, 300)
    switches.limit, switches.limit_window_s = 2, 1.0
    assert [touchontime.get("/company").status_code for _ in range(3)] == [200, 200, 429]
    answer = touchontime.get("/company")
    assert answer.json() == {"code": "303", "message": "Too Many Requests"}
    assert "retry-after" not in answer.headers
    box.clock.advance(3600)
    assert touchontime.get("/company").status_code == 429
    time.sleep(1.05)
    assert touchontime.get("/company").status_code == 200


def test_rate_limit_switches(box: Sandbox, touchontime: httpx.Client) -> None:
    """The code may be 308, or the answer 403 with 105; the limit can be off."""
    switches = box.touchontime.switches
    switches.limit, switches.limit_code = 0, "308"
    assert touchontime.get("/company").json()["code"] == "308"
    switches.limit_status = 403
    refused(touchontime.get("/company"), 403, 105)
    switches.rate_limit = False
    assert touchontime.get("/company").status_code == 200


def test_maintenance(box: Sandbox, touchontime: httpx.Client) -> None:
    """Maintenance answers 500 with code 300."""
    box.touchontime.switches.maintenance = True
    refused(touchontime.get("/company"), 500, 300)
    assert touchontime.get("/company").json()["errors"][0]["message"] == "Resource Server Error."
