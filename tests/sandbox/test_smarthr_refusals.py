"""Who may call SmartHR and how often: tokens, rights, limits, maintenance."""

from __future__ import annotations

import time

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox

ENVELOPE = {"code", "type", "message", "errors"}
FAMILIES = ("x-rate-limit", "x-intensive-rate-limit")


def refused(answer: httpx.Response, status: int, code: int, kind: str) -> None:
    """Check that *answer* is the error envelope, with the limits' headers."""
    body = answer.json()
    assert (answer.status_code, body["code"], body["type"]) == (status, code, kind)
    assert set(body) == ENVELOPE
    assert body["errors"] is None
    for family in FAMILIES:
        for what in ("limit", "remaining", "reset"):
            assert answer.headers[f"{family}-{what}"].isdigit()


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Token x", "Basic ####"])
def test_bad_token(box: Sandbox, header: str | None) -> None:
    """A wrong, malformed or missing token answers 401 with code 2."""
    headers = {} if header is None else {"Authorization": header}
    answer = httpx.get(
        f"{box.smarthr.base_url}/v1/crews", headers=headers, verify=PLAIN, trust_env=False
    )
    refused(answer, 401, 2, "unauthorized_token")
    assert box.journal[-1].authorized is False


def test_basic_authentication(box: Sandbox) -> None:
    """The token is accepted as a user name with an empty password."""
    url = f"{box.smarthr.base_url}/v1/companies"
    good = httpx.get(url, auth=(box.smarthr.token, ""), verify=PLAIN, trust_env=False)
    assert good.status_code == 200
    bad = httpx.get(url, auth=(box.smarthr.token, "x"), verify=PLAIN, trust_env=False)
    assert bad.status_code == 401


def test_revoke_and_restore(box: Sandbox, smarthr: httpx.Client) -> None:
    """A revoked token is refused until it is restored."""
    box.smarthr.revoke()
    refused(smarthr.get("/v1/crews"), 401, 2, "unauthorized_token")
    box.smarthr.restore()
    assert smarthr.get("/v1/crews").status_code == 200
    assert box.journal[-1].authorized is True


def test_rights(box: Sandbox, smarthr: httpx.Client) -> None:
    """Reading and writing a resource are separate rights."""
    box.smarthr.switches.no_write = {"crews"}
    refused(smarthr.post("/v1/crews", json={}), 403, 3, "forbidden")
    assert smarthr.get("/v1/crews").status_code == 200
    box.smarthr.switches.no_read = {"biz_establishments"}
    refused(smarthr.get("/v1/biz_establishments"), 403, 3, "forbidden")


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v2/crews", "/v1", "/v1/crews/x", "/v1/crews/x/y/z"]
)
def test_unknown_address(smarthr: httpx.Client, path: str) -> None:
    """An address or id that leads nowhere answers 404 with code 4."""
    refused(smarthr.get(path), 404, 4, "not_found")


def test_malformed_id_can_be_a_bad_request(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch, an id that is no UUID answers 400."""
    box.smarthr.switches.malformed_id = 400
    refused(smarthr.get("/v1/crews/x"), 400, 1, "bad_request")


def test_maintenance_and_address(box: Sandbox, smarthr: httpx.Client) -> None:
    """Maintenance answers 503 with code 9, an address outside the rule 403 with code 15."""
    box.smarthr.switches.ip_not_permitted = True
    refused(smarthr.get("/v1/crews"), 403, 15, "ip_not_permitted")
    box.smarthr.switches.maintenance = True
    refused(smarthr.get("/v1/crews"), 503, 9, "service_maintenance")


def test_limit_per_second(box: Sandbox, smarthr: httpx.Client) -> None:
    """More than ten requests in a second answer 429 with code 6; a second later it goes on."""
    box.smarthr.switches.second_limit = 10
    answers = [smarthr.get("/v1/users") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    refused(answers[-1], 429, 6, "too_many_requests")
    assert answers[-1].headers["x-intensive-rate-limit-remaining"] == "0"
    assert answers[-1].headers["x-intensive-rate-limit-reset"] == "1"
    assert "retry-after" not in answers[-1].headers
    time.sleep(1.05)
    assert smarthr.get("/v1/users").status_code == 200


def test_limit_per_hour_uses_real_time(box: Sandbox, smarthr: httpx.Client) -> None:
    """The hour is an hour of real time, told in seconds until it ends, not as an instant."""
    box.smarthr.switches.hourly_limit = 2
    first = smarthr.get("/v1/users")
    assert first.headers["x-rate-limit-limit"] == "2"
    assert first.headers["x-rate-limit-remaining"] == "1"
    assert first.headers["x-rate-limit-reset"] == "3600"
    smarthr.get("/v1/users")
    box.clock.advance(7200)
    refused(smarthr.get("/v1/users"), 429, 6, "too_many_requests")


def test_refused_calls_may_not_count(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch, a refused call leaves the counters as they were."""
    box.smarthr.switches.count_refused = False
    box.smarthr.switches.hourly_limit = 1
    smarthr.get("/v1/users")
    assert smarthr.get("/v1/users").status_code == 429
    box.smarthr.switches.hourly_limit = 2
    assert smarthr.get("/v1/users").status_code == 200


def test_limit_per_minute_and_other_headers(box: Sandbox, smarthr: httpx.Client) -> None:
    """Switches: the subdomain's minute, what "intensive" counts, a third family, Retry-After."""
    switches = box.smarthr.switches
    switches.minute_limit, switches.intensive = 1, "minute"
    switches.second_headers = switches.retry_after = True
    first = smarthr.get("/v1/users")
    assert first.headers["x-intensive-rate-limit-limit"] == "1"
    assert first.headers["x-rate-limit-limit-second"] == "10000"
    second = smarthr.get("/v1/users")
    assert second.status_code == 429
    assert second.headers["retry-after"] == "1"
    switches.rate_limit = False
    assert smarthr.get("/v1/users").status_code == 200
