"""The sandbox as a whole: roster, clock, journal, control endpoints, command, server."""

from __future__ import annotations

import datetime as dt
import re
import signal
import socket
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.loopback import PLAIN

from renkei_sandbox import Clock, Sandbox

NOW = "2026-11-20T12:00:00+09:00"


@pytest.fixture(scope="module")
def full() -> Sandbox:
    """Return a sandbox with three hundred people, not serving; tests only read it."""
    return Sandbox(people=300, seed=1, now=NOW)


@pytest.fixture
def control(box: Sandbox) -> Iterator[httpx.Client]:
    """Return a client of the control endpoints."""
    with httpx.Client(base_url=f"{box.url}/_sandbox", verify=PLAIN, trust_env=False) as http:
        yield http


# -- roster ----------------------------------------------------------------------------------


def test_same_seed_same_people(full: Sandbox) -> None:
    """People, ids and keys depend on seed and day alone."""
    again = Sandbox(people=300, seed=1, now=NOW)
    other = Sandbox(people=300, seed=2, now=NOW)
    for name, system in full.systems.items():
        mine = {key: dict(row) for key, row in system.people.items()}
        volatile = {"created_at", "updated_at"}
        theirs = again.systems[name].people
        assert list(mine) == list(theirs)
        for key, row in mine.items():
            assert {k: v for k, v in row.items() if k not in volatile} == {
                k: v for k, v in theirs[key].items() if k not in volatile
            }
        assert list(mine) != list(other.systems[name].people)


def test_first_people_never_change(full: Sandbox) -> None:
    """The first person of seed 1 is the same on any machine."""
    person = full.smarthr.find("0001")[0]
    assert (person["last_name"], person["first_name"], person["email"]) == (
        *("菅原", "拓也"),
        "p0001@example.com",
    )


def test_comparison_is_interesting_both_ways(full: Sandbox) -> None:
    """Most people are on both sides, some on one only, some differ."""
    codes = {row["emp_code"] for row in full.smarthr.people.values()}
    others = {row["code"] for row in full.touchontime.people.values()}
    assert len(codes & others) > 230
    assert 10 < len(codes - others) < 40
    assert 10 < len(others - codes) < 40
    renamed = [
        row
        for row in full.smarthr.people.values()
        for other in full.touchontime.find(row["emp_code"])
        if other["lastName"] != row["last_name"]
    ]
    assert len(renamed) >= 10


def test_kana_width_only(full: Sandbox) -> None:
    """Some readings differ in width alone, so they must compare equal."""
    found = 0
    for row in full.touchontime.people.values():
        kana = row.get("lastNamePhonetics", "")
        wide = unicodedata.normalize("NFKC", kana)
        if kana != wide and full.smarthr.find(row["code"]):
            assert full.smarthr.find(row["code"])[0]["last_name_yomi"] == wide
            found += 1
    assert found >= 5


def test_every_case_is_there(full: Sandbox) -> None:
    """Each awkward case of the references is among the people."""
    smarthr, touchontime = full.smarthr, full.touchontime

    def on_smarthr(case: str) -> dict[str, Any]:
        return smarthr.find(full.cases[case][0])[0]

    def on_touchontime(case: str) -> dict[str, Any]:
        return touchontime.find(full.cases[case][0])[0]

    assert len(full.cases) == 30
    assert len(smarthr.find(None)) == 1
    assert len(smarthr.find(full.cases["duplicate_number"][0])) == 2
    number = full.cases["near_zeros"][0]
    assert (len(smarthr.find(f"0{number}")), len(touchontime.find(number))) == (1, 1)
    assert any((row["emp_code"] or "").startswith("０") for row in smarthr.people.values())
    assert "lastNamePhonetics" not in on_touchontime("no_kana_touchontime")
    assert len(on_touchontime("two_emails")["emailAddresses"]) == 2
    assert on_smarthr("future_hire")["entered_at"] > "2026-11-20"
    days = [on_smarthr(f"resigned_{day}")["resigned_at"] for day in ("yesterday", "today")]
    assert days == ["2026-11-19", "2026-11-20"]
    assert on_smarthr("resigned_tomorrow")["resigned_at"] == "2026-11-21"
    retired = on_smarthr("retired_without_date")
    assert (retired["emp_status"], retired["resigned_at"]) == ("retired", None)
    assert on_smarthr("on_leave")["emp_status"] == "absent"
    assert "business_last_name_yomi" not in on_smarthr("business_name_no_kana")
    assert on_smarthr("no_gender")["gender"] is None
    assert on_smarthr("rare_kanji")["first_name"] == "𠮷乃"
    assert "\U000e0100" in on_smarthr("variation_selector")["last_name"]
    assert on_touchontime("resigned_in_target")["resignationDate"] < "2026-11-20"
    assert on_touchontime("same_number_other_person")["lastName"] == "別府"


@pytest.mark.parametrize("count", [0, 1, 12, 39])
def test_small_companies_are_clean(count: int) -> None:
    """Below forty people there are only simple differences."""
    box = Sandbox(people=count, now=NOW)
    assert box.cases == {}
    assert len(box.smarthr.people.keys() | box.touchontime.people.keys()) >= count
    if count >= 12:
        assert len(box.smarthr.people) < count
        assert len(box.touchontime.people) < count


def test_people_of_the_roster_would_be_accepted() -> None:
    """What the roster puts into Touch On Time passes its own checks for clean people."""
    with Sandbox(people=39, now=NOW) as box:
        rows = [dict(row) for row in box.touchontime.people.values()]
        box.touchontime.people.clear()
        headers = {"Authorization": f"Bearer {box.touchontime.token}"}
        for row in rows:
            url = f"{box.touchontime.base_url}/employees"
            assert (
                httpx.post(
                    url, json=row, headers=headers, verify=PLAIN, trust_env=False
                ).status_code
                == 201
            )


# -- clock -----------------------------------------------------------------------------------


def test_clock_ticks_freezes_and_moves() -> None:
    """A clock ticks on from where it was set, holds when frozen, and can be moved."""
    clock = Clock("2026-11-20T00:00:00+00:00")
    assert clock.now().isoformat().startswith("2026-11-20T09:00:00")
    clock.freeze("2026-11-20T23:59:59+09:00")
    assert clock.now() == clock.now()
    assert clock.today() == dt.date(2026, 11, 20)
    clock.advance(1)
    assert clock.today() == dt.date(2026, 11, 21)
    assert clock.frozen
    clock.set("2026-11-20T08:29:59+09:00")
    assert clock.now() < clock.now()
    with pytest.raises(ValueError, match="offset"):
        clock.set("2026-11-20T08:29:59")


def test_without_a_start_the_clock_is_real() -> None:
    """Without a start the clock shows the real time."""
    assert abs((Clock().now() - dt.datetime.now(dt.UTC)).total_seconds()) < 5


def test_answers_carry_the_date_of_the_clock(box: Sandbox, smarthr: httpx.Client) -> None:
    """The Date header follows the sandbox's clock."""
    box.clock.freeze("2026-11-20T12:00:00+09:00")
    assert smarthr.get("/v1/users").headers["date"] == "Fri, 20 Nov 2026 03:00:00 GMT"


# -- journal ---------------------------------------------------------------------------------


def test_journal_tells_what_was_asked(box: Sandbox, smarthr: httpx.Client) -> None:
    """An entry has the instant, the system, the address, the parsed body and the result."""
    box.clock.freeze()
    smarthr.get("/v1/crews?per_page=5&emp_code=")
    smarthr.post("/v1/crews", content=b"no json")
    read, create = box.journal
    assert (read.at, read.system, read.method) == (box.clock.now(), "smarthr", "GET")
    assert read.path == "/smarthr/api/v1/crews"
    assert read.query == {"per_page": "5", "emp_code": ""}
    assert (read.kind, read.body, read.accepted, read.status) == ("read", None, False, 200)
    assert (create.kind, create.body, create.accepted) == ("create", "no json", False)
    assert create.status == 400
    box.clear_journal()
    assert box.journal == []


def test_writes_keep_their_order(box: Sandbox, touchontime: httpx.Client) -> None:
    """Only accepted creates, updates and deletes of the system asked for are listed, in order."""
    box.smarthr.add(emp_code="x")
    key = box.touchontime.add(code="1", lastName="森", firstName="蒼", gender="male")
    touchontime.put(f"/employees/{key}", json={"lastName": "林"})
    touchontime.put(f"/employees/{key}", json={"lastName": ""})
    touchontime.delete(f"/employees/{key}")
    assert [entry.kind for entry in box.writes("touchontime")] == ["update", "delete"]
    assert box.writes("smarthr") == []


def test_direct_edits_are_seen_at_once(box: Sandbox, touchontime: httpx.Client) -> None:
    """The stored records are dicts that tests may edit in every way."""
    key = box.touchontime.add(code="1", birthDate="1990-01-01")
    record = box.touchontime.people[key]
    with box.touchontime.lock:
        record.update(code="2")
        record |= {"lastName": "森"}
        record.setdefault("firstName", "蒼")
        assert record.pop("birthDate") == "1990-01-01"
        assert record.pop("birthDate", None) is None
    assert touchontime.get("/employees/1").status_code == 400
    shown = touchontime.get("/employees/2?additionalFields=birthDate").json()
    assert (shown["lastName"], shown["firstName"]) == ("森", "蒼")
    assert "birthDate" not in shown
    del record["code"]
    assert box.touchontime.find(None) == [record]


# -- control ---------------------------------------------------------------------------------


def test_control_overview_and_clock(box: Sandbox, control: httpx.Client) -> None:
    """Another process can find the systems and set, hold and move the clock."""
    overview = control.get("/").json()
    assert overview["systems"]["smarthr"]["base_url"] == box.smarthr.base_url
    control.put("/clock", json={"now": "2026-11-20T08:30:00+09:00", "frozen": True})
    assert box.clock.frozen
    moved = control.put("/clock", json={"advance": 60}).json()
    assert moved == {"now": "2026-11-20T08:31:00+09:00", "frozen": True}
    assert control.get("/clock").json() == moved
    assert control.put("/clock", json={"now": "2026-11-20T08:30:00"}).status_code == 400


def test_control_journal(box: Sandbox, control: httpx.Client, smarthr: httpx.Client) -> None:
    """The journal can be read by system and cleared; control requests are not in it."""
    smarthr.get("/v1/users")
    assert control.get("/journal?system=touchontime").json() == []
    (entry,) = control.get("/journal").json()
    assert entry["path"] == "/smarthr/api/v1/users"
    assert dt.datetime.fromisoformat(entry["at"]).tzinfo is not None
    control.delete("/journal")
    assert box.journal == []


def test_control_switches(box: Sandbox, control: httpx.Client) -> None:
    """Switches can be read and changed; an unknown one is refused and nothing is set."""
    assert control.get("/smarthr/switches").json()["unique_emp_code"] is True
    changed = control.patch("/smarthr/switches", json={"hidden": ["email"], "plan_limit": 5})
    assert changed.json()["hidden"] == ["email"]
    assert box.smarthr.switches.hidden == {"email"}
    bad = control.patch("/smarthr/switches", json={"plan_limit": 9, "nonsense": 1})
    assert (bad.status_code, box.smarthr.switches.plan_limit) == (400, 5)
    assert "nonsense" in bad.json()["error"]


def test_control_faults(control: httpx.Client, smarthr: httpx.Client) -> None:
    """Faults can be added by name with their options, listed and cleared."""
    rule = {"fault": "status", "status": 500, "kind": "read", "times": 2}
    assert control.post("/smarthr/faults", json=rule).json()[0]["fault"] == "status"
    assert smarthr.get("/v1/users").status_code == 500
    assert control.get("/smarthr/faults").json()[0]["seen"] == 1
    control.delete("/smarthr/faults")
    assert smarthr.get("/v1/users").status_code == 200
    assert control.post("/smarthr/faults", json={"fault": "nonsense"}).status_code == 400


def test_control_people(box: Sandbox, control: httpx.Client) -> None:
    """People can be added, found, changed and removed in the vendor's own words."""
    made = control.post("/touchontime/people", json={"code": "0417", "lastName": "三雲"})
    key = made.json()["id"]
    assert made.status_code == 201
    control.patch(f"/touchontime/people/{key}", json={"lastName": "羽鳥"})
    assert control.get(f"/touchontime/people/{key}").json()["lastName"] == "羽鳥"
    assert len(control.get("/touchontime/people?number=0417").json()) == 1
    assert len(control.get("/touchontime/people").json()) == 1
    control.delete(f"/touchontime/people/{key}")
    assert len(box.touchontime.people) == 0
    assert control.get(f"/touchontime/people/{key}").status_code == 400


def test_control_tables_and_tokens(box: Sandbox, control: httpx.Client) -> None:
    """Tables can be replaced and tokens revoked; other addresses answer 404."""
    divisions = control.get("/touchontime/masters").json()["divisions"]
    control.put("/touchontime/masters/divisions", json={"rows": divisions[:1]})
    assert len(box.touchontime.masters["divisions"]) == 1
    control.put("/smarthr/token", json={"revoked": True})
    assert box.smarthr.revoked
    for path in ("/nothing", "/smarthr/nothing"):
        assert control.get(path).status_code == 404
    assert control.post("/smarthr/masters").status_code == 404
    assert control.put("/smarthr/people").status_code == 404


# -- server and command ----------------------------------------------------------------------


def test_many_clients_at_once(box: Sandbox) -> None:
    """Parallel creates are all stored once each."""
    box.smarthr.switches.rate_limit = False
    headers = {"Authorization": f"Bearer {box.smarthr.token}"}

    def create(start: int) -> None:
        with httpx.Client(
            base_url=box.smarthr.base_url, headers=headers, verify=PLAIN, trust_env=False
        ) as http:
            for number in range(start, start + 20):
                assert http.post("/v1/crews", json={"emp_code": str(number)}).status_code == 201

    threads = [threading.Thread(target=create, args=(n * 100,)) for n in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row["emp_code"] for row in box.smarthr.people.values()}) == 100
    assert len(box.writes("smarthr")) == 100


def test_nonsense_instead_of_http(box: Sandbox) -> None:
    """What is no HTTP is answered 400, and the server goes on."""
    host, port = box.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as plug:
        plug.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert plug.recv(100).startswith(b"HTTP/1.1 400")
    assert httpx.get(f"{box.url}/_sandbox/", verify=PLAIN, trust_env=False).status_code == 200


def test_unknown_system(box: Sandbox) -> None:
    """An address outside both systems answers 404 and is in the journal."""
    assert httpx.get(f"{box.url}/elsewhere?a=1", verify=PLAIN, trust_env=False).status_code == 404
    assert (box.journal[-1].system, box.journal[-1].status) == ("", 404)


def test_port_in_use() -> None:
    """A port that is taken is an error at once."""
    with Sandbox(people=0) as box:
        port = int(box.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Sandbox(people=0, port=port).start()


def test_stopping_ends_open_connections() -> None:
    """Stopping does not wait for clients that stay connected or requests that are slow."""
    box = Sandbox(people=0).start()
    box.smarthr.faults.add("slow", seconds=60)
    http = httpx.Client(timeout=10, verify=PLAIN, trust_env=False)
    http.get(f"{box.url}/_sandbox/")
    failures: list[Exception] = []

    def ask() -> None:
        try:
            httpx.get(f"{box.smarthr.base_url}/v1/users", timeout=10, verify=PLAIN, trust_env=False)
        except httpx.TransportError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not box.journal:
        threading.Event().wait(0.01)
    box.stop()
    thread.join(timeout=5)
    http.close()
    assert len(failures) == 1


def test_command_serves_until_terminated() -> None:
    """The command prints addresses and tokens, obeys its options, and ends on SIGTERM."""
    command = [sys.executable, "-m", "renkei_sandbox", "--people", "5", "--port", "0"]
    command += ["--now", NOW, "--set", "touchontime.limit=1", "--set", "smarthr.no_read=[]"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        url = found[0]
        lines = [process.stdout.readline() for _ in range(3)]
        assert f"{url}/touchontime/v1.0" in lines[1]
        assert "token: sandbox-smarthr-token" in lines[0]
        switches = httpx.get(
            f"{url}/_sandbox/touchontime/switches", verify=PLAIN, trust_env=False
        ).json()
        assert switches["limit"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize(
    "option", ["smarthr.nonsense=1", "elsewhere.x=1", "smarthr.plan_limit", "--now=tomorrow"]
)
def test_command_refuses_nonsense(option: str) -> None:
    """A setting or an instant that makes no sense is a usage error."""
    words = [option] if option.startswith("--") else ["--set", option]
    command = [sys.executable, "-m", "renkei_sandbox", "--port", "0", "--people", "0", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Error:" in done.stderr
