"""Faults: each kind, before and after the change, and which requests they are for."""

from __future__ import annotations

import gzip
import json
import socket
import time
from typing import Any, Literal

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Sandbox, faults

NEW: dict[str, Any] = {
    "divisionCode": "100",
    "gender": "male",
    "typeCode": "1",
    "code": "1",
    "lastName": "森",
    "firstName": "蒼",
}


def exchange(box: Sandbox, target: str, *, method: str = "GET", body: bytes = b"") -> bytes:
    """Send one request over a plain socket; return every byte until the connection ends."""
    host, port = box.url.removeprefix("http://").split(":")
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: Bearer {box.smarthr.token}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=5) as plug:
        plug.sendall(head.encode() + body)
        received = b""
        while piece := plug.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, None, {"code": 1, "type": "bad_request"}),
        (401, None, {"code": 2, "type": "unauthorized_token"}),
        (403, None, {"code": 3, "type": "forbidden"}),
        (403, 7, {"code": 7, "type": "plan_limit_exceeded"}),
        (403, 15, {"code": 15, "type": "ip_not_permitted"}),
        (404, None, {"code": 4, "type": "not_found"}),
        (429, None, {"code": 6, "type": "too_many_requests"}),
        (500, None, {"code": 5, "type": "internal_server_error"}),
        (503, None, {"code": 9, "type": "service_maintenance"}),
    ],
)
def test_status_on_smarthr(
    box: Sandbox, smarthr: httpx.Client, status: int, code: int | None, expected: dict[str, object]
) -> None:
    """A status comes with SmartHR's own envelope and the limits' headers."""
    box.smarthr.faults.add("status", status=status, code=code)
    answer = smarthr.get("/v1/crews")
    assert answer.status_code == status
    assert expected.items() <= answer.json().items()
    assert "x-rate-limit-reset" in answer.headers
    assert box.journal[-1].fault == "status"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, None, {"errors": 100}),
        (403, 104, {"errors": 104}),
        (403, 105, {"errors": 105}),
        (401, None, {"errors": 111}),
        (500, None, {"errors": 300}),
        (429, None, {"code": "303"}),
        (429, 308, {"code": "308"}),
    ],
)
def test_status_on_touchontime(
    box: Sandbox,
    touchontime: httpx.Client,
    status: int,
    code: int | None,
    expected: dict[str, object],
) -> None:
    """A status comes with one of Touch On Time's two shapes."""
    box.touchontime.faults.add("status", status=status, code=code)
    answer = touchontime.get("/company")
    assert answer.status_code == status
    body = answer.json()
    shown = {"errors": body["errors"][0]["code"]} if "errors" in body else {"code": body["code"]}
    assert shown == expected


def test_gateway_status_is_a_web_page(
    box: Sandbox, smarthr: httpx.Client, touchontime: httpx.Client
) -> None:
    """Statuses that only a gateway sends come as HTML."""
    for system, http in ((box.smarthr, smarthr), (box.touchontime, touchontime)):
        system.faults.add("status", status=502)
        answer = http.get("/v1/crews")
        assert answer.status_code == 502
        assert answer.headers["content-type"].startswith("text/html")


def test_maintenance_of_each_vendor(
    box: Sandbox, smarthr: httpx.Client, touchontime: httpx.Client
) -> None:
    """Maintenance looks like 503/9 on one side and 500/300 on the other."""
    box.smarthr.faults.add("maintenance")
    box.touchontime.faults.add("maintenance")
    assert smarthr.get("/v1/crews").json()["code"] == 9
    assert touchontime.get("/company").json()["errors"][0]["code"] == 300


def test_status_with_headers_and_body(box: Sandbox, smarthr: httpx.Client) -> None:
    """Headers can be added or overridden, and the body can be anything, compressed data too."""
    headers = {"X-Rate-Limit-Reset": "soon", "Retry-After": "-5"}
    box.smarthr.faults.add("status", status=429, headers=headers)
    answer = smarthr.get("/v1/crews")
    assert answer.headers["x-rate-limit-reset"] == "soon"
    assert answer.headers["retry-after"] == "-5"
    packed = gzip.compress(b"[" + b" " * 1_000_000 + b"]")
    bomb = faults.status(200, body=packed, headers={"content-encoding": "gzip"})
    box.smarthr.faults.add(bomb)
    assert len(smarthr.get("/v1/crews").content) == 1_000_002


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 500}),
        ("disconnect", {}),
        ("reset", {}),
        ("cut", {"k": 20}),
        ("cut", {"k": 5, "part": "body", "reset": True}),
        ("html", {}),
        ("garbage", {}),
        ("redirect", {"url": "http://127.0.0.1:1/", "status": 302}),
        ("truncate", {}),
        ("raw", {"data": "nonsense\r\n\r\n"}),
        ("wrong_person", {}),
    ],
)
def test_writes_under_faults_are_told_truly(
    box: Sandbox,
    touchontime: httpx.Client,
    when: Literal["before", "after"],
    fault: str,
    options: dict[str, Any],
) -> None:
    """Before: nothing was stored and nothing accepted. After: it was, whatever was answered."""
    box.touchontime.add(code="other")
    box.touchontime.faults.add(fault, kind="create", when=when, **options)
    try:
        status = touchontime.post("/employees", json=NEW).status_code
    except httpx.TransportError:
        status = None
    entry = box.journal[-1]
    assert entry.accepted is (when == "after")
    assert len(box.touchontime.find("1")) == (1 if when == "after" else 0)
    assert len(box.writes("touchontime")) == (1 if when == "after" else 0)
    assert entry.fault == fault
    if fault in ("disconnect", "reset"):
        assert entry.status is None
    if fault == "redirect":
        assert status == 302


def test_refused_write_is_not_accepted_even_after(box: Sandbox, touchontime: httpx.Client) -> None:
    """A fault after a write that the system refuses does not make it accepted."""
    box.touchontime.faults.add("disconnect", when="after")
    with pytest.raises(httpx.RemoteProtocolError):
        touchontime.post("/employees", json={})
    assert box.journal[-1].accepted is False


def test_disconnect_and_reset_differ_on_the_wire(box: Sandbox, smarthr: httpx.Client) -> None:
    """A disconnect is an orderly end without a byte; a reset is an error of the connection."""
    box.smarthr.faults.add("disconnect")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
        smarthr.get("/v1/crews")
    box.smarthr.faults.add("reset")
    with pytest.raises(httpx.ReadError):
        smarthr.get("/v1/crews")
    assert smarthr.get("/v1/crews").status_code == 200


@pytest.mark.parametrize("k", [0, 1, 9, 17, 100, 10_000])
def test_cut_counts_the_bytes_of_the_answer(box: Sandbox, k: int) -> None:
    """Exactly the first bytes of the answer arrive, then the connection ends."""
    box.smarthr.faults.add("cut", k=k)
    received = exchange(box, "/smarthr/api/v1/crews")
    assert len(received) == min(k, len(received))
    assert b"HTTP/1.1 200 OK".startswith(received[:15])
    assert (len(received) == k) is (k < 10_000)
    assert box.journal[-1].status == (None if k == 0 else 200)


def test_cut_of_the_body(box: Sandbox) -> None:
    """Counted from the body, the head is whole and promises more than comes."""
    box.smarthr.faults.add("cut", k=3, part="body")
    head, _, body = exchange(box, "/smarthr/api/v1/companies").partition(b"\r\n\r\n")
    assert b"content-length:" in head.lower()
    assert len(body) == 3


def test_cut_in_the_middle_of_a_streamed_list(box: Sandbox, touchontime: httpx.Client) -> None:
    """A long list can end in the middle, which the client notices."""
    for number in range(2000):
        box.touchontime.add(code=f"{number:05d}")
    box.touchontime.faults.add("cut", k=100_000)
    with pytest.raises(httpx.RemoteProtocolError):
        touchontime.get("/employees")


def test_truncated_list_is_valid_json(box: Sandbox, smarthr: httpx.Client) -> None:
    """Fewer rows than announced come with the right status, the total true, matching or gone."""
    for number in range(5):
        box.smarthr.add(emp_code=str(number))
    for keep, total, shown in ((0, "true", "5"), (2, "matching", "2"), (3, "absent", None)):
        box.smarthr.faults.add("truncate", keep=keep, total=total)
        answer = smarthr.get("/v1/crews")
        assert (answer.status_code, len(answer.json())) == (200, keep)
        assert answer.headers.get("x-total-count") == shown


def test_truncated_list_ended_by_the_connection(box: Sandbox, smarthr: httpx.Client) -> None:
    """Without an announced length the client cannot tell that the list is short."""
    box.smarthr.add()
    box.smarthr.faults.add("truncate", framing="close")
    answer = smarthr.get("/v1/crews")
    assert answer.json() == []
    assert "content-length" not in answer.headers
    assert "transfer-encoding" not in answer.headers


def test_garbage_html_and_raw(box: Sandbox, smarthr: httpx.Client) -> None:
    """An answer may claim JSON and be none, be a web page, or be no HTTP at all."""
    box.smarthr.faults.add("garbage")
    answer = smarthr.get("/v1/crews")
    assert answer.headers["content-type"].startswith("application/json")
    with pytest.raises(ValueError, match=r"utf-8|char"):
        answer.json()
    box.smarthr.faults.add("html", status=503)
    answer = smarthr.get("/v1/crews")
    assert (answer.status_code, answer.text[:15]) == (503, "<!DOCTYPE html>")
    box.smarthr.faults.add(faults.raw(b"\x00\x01\x02"))
    with pytest.raises(httpx.RemoteProtocolError):
        smarthr.get("/v1/crews")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_show_at_the_other_server(
    box: Sandbox, smarthr: httpx.Client, status: int
) -> None:
    """A redirect names its target; a second sandbox there sees who followed."""
    with Sandbox(people=0) as other:
        box.smarthr.faults.add("redirect", url=f"{other.url}/trap", status=status)
        answer = smarthr.post("/v1/crews", json={})
        assert answer.headers["location"] == f"{other.url}/trap"
        assert other.journal == []
        smarthr.get(answer.headers["location"])
        assert [(entry.system, entry.path) for entry in other.journal] == [("", "/trap")]


def test_slow_before_and_after(box: Sandbox, touchontime: httpx.Client) -> None:
    """Slow before: the change comes late. Slow after: it is there, only the answer waits."""
    cases: tuple[tuple[Literal["before", "after"], int], ...] = (("before", 0), ("after", 1))
    for when, expected in cases:
        box.touchontime.faults.add("slow", seconds=1.0, when=when, kind="create")
        with pytest.raises(httpx.ReadTimeout):
            touchontime.post("/employees", json={**NEW, "code": when}, timeout=0.4)
        assert len(box.touchontime.find(when)) == expected
        deadline = time.monotonic() + 5
        while not box.touchontime.find(when):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    time.sleep(1.0)
    assert [entry.status for entry in box.journal] == [None, None]
    assert [entry.accepted for entry in box.journal] == [True, True]


def test_drip_and_latency(box: Sandbox, touchontime: httpx.Client) -> None:
    """Bytes come one at a time; a latency holds for as many requests as it is told."""
    box.touchontime.faults.add("drip", per_byte_s=0.001, kind="create")
    started = time.monotonic()
    assert touchontime.post("/employees", json=NEW).status_code == 201
    assert time.monotonic() - started > 0.2
    assert len(box.writes("touchontime")) == 1
    box.touchontime.faults.clear()
    box.touchontime.faults.add("latency", seconds=0.1, times=None)
    started = time.monotonic()
    for _ in range(3):
        assert touchontime.get("/company").status_code == 200
    assert time.monotonic() - started > 0.3


def test_wrong_person(box: Sandbox, smarthr: httpx.Client) -> None:
    """The answer is about somebody else; the right person was stored."""
    other = box.smarthr.add(emp_code="other")
    box.smarthr.faults.add("wrong_person", when="after")
    answer = smarthr.post("/v1/crews", json={"emp_code": "mine"})
    assert (answer.status_code, answer.json()["id"]) == (201, other)
    assert len(box.smarthr.find("mine")) == 1
    box.smarthr.faults.add("wrong_person")
    assert smarthr.get("/v1/crews?emp_code=mine").json()[0]["emp_code"] == "other"


def test_nth_times_and_filters(box: Sandbox, smarthr: httpx.Client) -> None:
    """A fault waits for its nth match, stays for its times, and looks at method, path and kind."""
    identifier = box.smarthr.add()
    rule = box.smarthr.faults.add("status", status=500, path=r"/crews$", nth=2, times=2)
    box.smarthr.faults.add("status", status=503, method="PATCH")
    paths = ["/v1/crews", "/v1/users", f"/v1/crews/{identifier}", *["/v1/crews"] * 3]
    statuses = [smarthr.get(path).status_code for path in paths]
    assert statuses == [200, 200, 200, 500, 500, 200]
    assert rule.seen == 4
    assert smarthr.patch(f"/v1/crews/{identifier}", json={}).status_code == 503
    assert smarthr.patch(f"/v1/crews/{identifier}", json={}).status_code == 200
    box.smarthr.faults.add("status", status=500, times=None)
    assert [smarthr.get("/v1/users").status_code for _ in range(3)] == [500] * 3
    box.smarthr.faults.clear()
    assert smarthr.get("/v1/users").status_code == 200


def test_hook_edits_people_between_two_pages(box: Sandbox, smarthr: httpx.Client) -> None:
    """A hook runs when its request arrives and may change what the request will see."""
    for number in range(20):
        box.smarthr.add(emp_code=f"{number:02d}")
    first = next(iter(box.smarthr.people))
    box.smarthr.faults.add(faults.hook(lambda _: box.smarthr.remove(first)), nth=2)
    pages = [smarthr.get(f"/v1/crews?sort=emp_code&page={n}").json() for n in (1, 2)]
    seen = [row["emp_code"] for page in pages for row in page]
    assert "10" not in seen
    assert len(seen) == 19


def test_hook_may_send_requests_and_join_other_faults(
    box: Sandbox, touchontime: httpx.Client
) -> None:
    """A hook has a thread of its own, so it may call the sandbox; several faults can meet."""
    key = box.touchontime.add(**NEW)
    headers = {"Authorization": f"Bearer {box.touchontime.token}"}
    url = f"{box.touchontime.base_url}/employees/{key}"

    def change(_: object) -> None:
        httpx.put(url, json={"lastName": "林"}, headers=headers, verify=PLAIN, trust_env=False)

    box.touchontime.faults.add(faults.hook(change), method="GET")
    box.touchontime.faults.add("truncate", method="GET", path="/employees$")
    assert touchontime.get("/employees").json() == []
    assert touchontime.get("/employees/1").json()["lastName"] == "林"
    assert [entry.fault for entry in box.journal] == ["hook+truncate", None, None]


def test_true_answer_is_json_again_after_faults(box: Sandbox, smarthr: httpx.Client) -> None:
    """Faults leave nothing behind: the next answer is whole."""
    box.smarthr.add(emp_code="1")
    for name in ("garbage", "html", "truncate"):
        box.smarthr.faults.add(name)
        smarthr.get("/v1/crews")
    assert json.loads(smarthr.get("/v1/crews").content)[0]["emp_code"] == "1"
