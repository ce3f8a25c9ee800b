"""What SmartHR shows: people, lists with filters and pages, and the tables beside them."""

from __future__ import annotations

import gzip
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from renkei_sandbox import Sandbox


def codes(answer: httpx.Response) -> list[str]:
    """Return the employee numbers of a list."""
    assert answer.status_code == 200, answer.text
    return [row["emp_code"] for row in answer.json()]


def fill(box: Sandbox, count: int) -> list[str]:
    """Put people with the numbers 000, 001 … into SmartHR; return their ids."""
    return [box.smarthr.add(emp_code=f"{n:03d}", last_name="森") for n in range(count)]


def rels(answer: httpx.Response) -> dict[str, int]:
    """Return the pages that the Link header names."""
    return {
        rel: int(parse_qs(urlsplit(link["url"]).query)["page"][0])
        for rel, link in answer.links.items()
        if rel is not None
    }


def test_page_defaults_to_ten_rows_in_order_of_creation(
    box: Sandbox, smarthr: httpx.Client
) -> None:
    """Without parameters the first ten people come, in the order they were created."""
    fill(box, 23)
    answer = smarthr.get("/v1/crews")
    assert codes(answer) == [f"{n:03d}" for n in range(10)]
    assert answer.headers["x-total-count"] == "23"
    assert (answer.headers["x-page"], answer.headers["x-per-page"]) == ("1", "10")
    assert rels(answer) == {"last": 3, "next": 2}


def test_links_keep_the_query_and_drop_at_both_ends(box: Sandbox, smarthr: httpx.Client) -> None:
    """First and previous are absent on page one, last and next on the last; the query is kept."""
    fill(box, 23)
    middle = smarthr.get("/v1/crews", params={"page": 2, "sort": "emp_code", "per_page": 10})
    assert rels(middle) == {"first": 1, "prev": 1, "last": 3, "next": 3}
    assert "sort=emp_code" in middle.links["next"]["url"]
    assert httpx.URL(middle.links["next"]["url"]).host == "127.0.0.1"
    assert rels(smarthr.get("/v1/crews?page=3")) == {"first": 1, "prev": 2}


def test_single_page_has_no_link_and_page_past_the_end_is_empty(
    box: Sandbox, smarthr: httpx.Client
) -> None:
    """A list that fits on one page has no Link; a page past the end answers 200 with nothing."""
    fill(box, 3)
    assert "link" not in smarthr.get("/v1/crews").headers
    beyond = smarthr.get("/v1/crews?page=9")
    assert codes(beyond) == []
    assert beyond.headers["x-total-count"] == "3"


@pytest.mark.parametrize("over", ["lower", "refuse"])
def test_page_size_over_a_hundred(box: Sandbox, smarthr: httpx.Client, over: str) -> None:
    """A larger page is lowered to a hundred rows, or refused, as the switch says."""
    fill(box, 120)
    box.smarthr.switches.per_page_over = over  # type: ignore[assignment]
    answer = smarthr.get("/v1/crews?per_page=500")
    if over == "refuse":
        assert answer.status_code == 400
        return
    assert len(codes(answer)) == 100
    assert answer.headers["x-per-page"] == "100"


@pytest.mark.parametrize("query", ["page=0", "per_page=-1", "page=x", "sort=nonsense"])
def test_bad_paging_is_refused(smarthr: httpx.Client, query: str) -> None:
    """Pages that are no positive number, and unknown sort keys, answer 400 with code 1."""
    answer = smarthr.get(f"/v1/crews?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, 1)


def test_unknown_sort_can_be_ignored(box: Sandbox, smarthr: httpx.Client) -> None:
    """With the switch, an unknown sort key changes nothing."""
    box.smarthr.switches.unknown_sort = "ignore"
    assert smarthr.get("/v1/crews?sort=nonsense").status_code == 200


def test_sort_by_several_keys_puts_nulls_last(box: Sandbox, smarthr: httpx.Client) -> None:
    """Keys are joined by commas, a minus turns one round, and empty values come last."""
    box.smarthr.add(emp_code="2", gender="male")
    box.smarthr.add(emp_code=None, gender="male")
    box.smarthr.add(emp_code="1", gender="female")
    box.smarthr.add(emp_code="3", gender="female")
    assert codes(smarthr.get("/v1/crews?sort=emp_code")) == ["1", "2", "3", None]
    assert codes(smarthr.get("/v1/crews?sort=gender,-emp_code")) == ["3", "1", "2", None]


def test_list_follows_every_kind_of_edit(box: Sandbox, smarthr: httpx.Client) -> None:
    """A sorted list is right again after a direct edit, a helper's edit, and a removal."""
    fill(box, 3)
    first, second, third = box.smarthr.people
    assert codes(smarthr.get("/v1/crews?sort=emp_code")) == ["000", "001", "002"]
    with box.smarthr.lock:
        box.smarthr.people[first]["emp_code"] = "900"
    assert codes(smarthr.get("/v1/crews?sort=emp_code")) == ["001", "002", "900"]
    box.smarthr.edit(second, emp_code="800")
    box.smarthr.remove(third)
    assert codes(smarthr.get("/v1/crews?sort=emp_code")) == ["800", "900"]
    assert codes(smarthr.get("/v1/crews?emp_code=900")) == ["900"]
    assert codes(smarthr.get("/v1/crews?emp_code=000")) == []


@pytest.fixture
def people(box: Sandbox) -> dict[str, str]:
    """Put three people in that differ in everything that can be filtered."""
    tables = box.smarthr.masters
    departments, types = tables["departments"], tables["employment_types"]
    rows = {
        "a": {"emp_status": "employed", "gender": "male", "entered_at": "2020-04-01"},
        "b": {"emp_status": "absent", "gender": "female", "entered_at": "2021-04-01"},
        "c": {"emp_status": "retired", "gender": "female", "resigned_at": "2026-01-31"},
    }
    extra = {
        "a": {"department_ids": [departments[1]["id"]], "positions": ["部長"], "last_name": "森"},
        "b": {"employment_type_id": types[1]["id"], "business_last_name": "星野"},
        "c": {"department_ids": [None, departments[3]["id"]], "user_id": "u1"},
    }
    return {code: box.smarthr.add(emp_code=code, **rows[code], **extra[code]) for code in rows}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["a", "b", "c"]),
        ("emp_code=b", ["b"]),
        ("emp_status=retired", ["c"]),
        ("gender=female&emp_status=absent", ["b"]),
        ("entered_at_from=2020-04-01&entered_at_to=2020-04-01", ["a"]),
        ("entered_at_from=2020-04-02", ["b"]),
        ("resigned_at_from=2026-01-31&resigned_at_to=2026-01-31", ["c"]),
        ("user_id=u1,u2", ["c"]),
        ("emp_type=contract_worker", ["b"]),
        ("q=森", ["a"]),
        ("q=星野", ["b"]),
        ("q=管理本部", ["c"]),
        ("q=部長", ["a"]),
        ("nonsense=1&resigned_at=*", ["a", "b", "c"]),
    ],
)
@pytest.mark.usefixtures("people")
def test_filters(smarthr: httpx.Client, query: str, expected: list[str]) -> None:
    """Each filter keeps whom it means; several join with AND; unknown ones are ignored."""
    assert codes(smarthr.get(f"/v1/crews?{query}")) == expected


def test_filters_by_id(box: Sandbox, smarthr: httpx.Client, people: dict[str, str]) -> None:
    """Lists of ids are joined with OR: people, employment types, departments, job titles."""
    tables = box.smarthr.masters
    crew = f"{people['a']},{people['c']}"
    assert codes(smarthr.get("/v1/crews", params={"id": crew})) == ["a", "c"]
    kind = tables["employment_types"][1]["id"]
    assert codes(smarthr.get(f"/v1/crews?employment_type_id={kind}")) == ["b"]
    title = tables["job_titles"][0]["id"]
    assert codes(smarthr.get(f"/v1/crews?position_id={title}")) == ["a"]
    above = tables["departments"][0]["id"]
    assert codes(smarthr.get(f"/v1/crews?department_id={above}")) == []
    box.smarthr.switches.descendants = True
    assert codes(smarthr.get(f"/v1/crews?department_id={above}")) == ["a"]


@pytest.mark.parametrize("query", ["gender=other", "emp_status=x", "entered_at_from=2020-4-1"])
def test_malformed_filters(box: Sandbox, smarthr: httpx.Client, query: str) -> None:
    """A word outside the set or a malformed date is refused, or ignored with the switch."""
    assert smarthr.get(f"/v1/crews?{query}").status_code == 400
    box.smarthr.switches.strict_query = False
    assert smarthr.get(f"/v1/crews?{query}").status_code == 200


def test_one_person_in_full_shape(
    box: Sandbox, smarthr: httpx.Client, people: dict[str, str]
) -> None:
    """A person comes with every attribute, nulls and empty lists included, and computed names."""
    crew = smarthr.get(f"/v1/crews/{people['b']}").json()
    assert crew["birth_at"] is None
    assert crew["custom_fields"] == []
    assert len(crew) > 120
    assert crew["preferred_last_name"] == "星野"
    assert crew["employment_type"]["preset_type"] == crew["emp_type"] == "contract_worker"
    assert "employment_type_id" not in crew
    assert "department_ids" not in crew
    assert box.journal[-1].person == people["b"]
    other = smarthr.get(f"/v1/crews/{people['a']}").json()
    assert other["department"] == "営業本部/第一営業部"
    assert other["departments"][0]["parent"]["name"] == "営業本部"
    assert smarthr.get(f"/v1/crews/{people['c']}").json()["departments"][0] is None


def test_fields_keeps_what_is_named(
    box: Sandbox, smarthr: httpx.Client, people: dict[str, str]
) -> None:
    """Only the attributes named come back, in lists and single reads; the id too if switched."""
    one = smarthr.get(f"/v1/crews/{people['a']}?fields=emp_code,gender").json()
    assert one == {"emp_code": "a", "gender": "male"}
    listed = smarthr.get("/v1/crews?fields=id,emp_code").json()
    assert listed[0] == {"id": people["a"], "emp_code": "a"}
    box.smarthr.switches.id_always = True
    assert set(smarthr.get("/v1/crews?fields=gender").json()[0]) == {"id", "gender"}


def test_hidden_attributes(box: Sandbox, smarthr: httpx.Client, people: dict[str, str]) -> None:
    """An attribute without read right is left out, or null with the switch."""
    box.smarthr.switches.hidden = {"gender"}
    assert "gender" not in smarthr.get(f"/v1/crews/{people['a']}").json()
    assert smarthr.get(f"/v1/crews/{people['a']}?fields=gender").json() == {}
    box.smarthr.switches.hidden_as = "null"
    assert smarthr.get(f"/v1/crews/{people['a']}").json()["gender"] is None


def test_status_follows_date_only_if_switched(box: Sandbox, smarthr: httpx.Client) -> None:
    """Somebody past the last day reads "employed" unless the switch says otherwise."""
    identifier = box.smarthr.add(resigned_at="2026-11-19")
    assert smarthr.get(f"/v1/crews/{identifier}").json()["emp_status"] == "employed"
    box.smarthr.switches.status_follows_date = True
    assert smarthr.get(f"/v1/crews/{identifier}").json()["emp_status"] == "retired"


def test_timestamps(box: Sandbox, smarthr: httpx.Client) -> None:
    """Timestamps carry milliseconds and +09:00, or Z with the switch."""
    box.clock.freeze("2026-11-20T08:00:00+09:00")
    identifier = box.smarthr.add()
    path = f"/v1/crews/{identifier}?fields=created_at"
    assert smarthr.get(path).json() == {"created_at": "2026-11-20T08:00:00.000+09:00"}
    box.smarthr.switches.timestamps = "Z"
    assert smarthr.get(path).json() == {"created_at": "2026-11-19T23:00:00.000Z"}


@pytest.mark.parametrize(
    "resource",
    [
        *("biz_establishments", "companies", "employment_types", "departments", "job_titles"),
        *("users", "grades", "job_categories", "recruitment_types", "payment_periods"),
        "crew_custom_field_templates",
    ],
)
def test_tables_are_lists_with_pages(smarthr: httpx.Client, resource: str) -> None:
    """Every table answers a bare array with the paging headers."""
    answer = smarthr.get(f"/v1/{resource}?per_page=1")
    assert len(answer.json()) == 1
    assert int(answer.headers["x-total-count"]) >= 1
    assert answer.headers["content-type"] == "application/json;charset=utf-8"


def test_tables_by_id(box: Sandbox, smarthr: httpx.Client) -> None:
    """Employment types can be read by id; establishments and companies cannot."""
    kind = box.smarthr.masters["employment_types"][0]
    assert smarthr.get(f"/v1/employment_types/{kind['id']}").json()["name"] == "正社員"
    place = box.smarthr.masters["biz_establishments"][0]
    assert smarthr.get(f"/v1/biz_establishments/{place['id']}").status_code == 404


def test_two_establishments_share_a_name(smarthr: httpx.Client) -> None:
    """Among the establishments two have the same name and different ids."""
    rows = smarthr.get("/v1/biz_establishments").json()
    same = [row["id"] for row in rows if row["name"] == "東京本社"]
    assert len(set(same)) == 2


def test_departments_by_code_and_discontinued(box: Sandbox, smarthr: httpx.Client) -> None:
    """Departments can be found by code and sorted; discontinued ones disappear from the list."""
    assert [r["name"] for r in smarthr.get("/v1/departments?code=S110").json()] == ["第一営業部"]
    box.smarthr.masters["departments"][1]["discontinued"] = True
    sort = smarthr.get("/v1/departments?sort=-code").json()
    assert [row["code"] for row in sort] == ["S120", "S100", "K100"]
    box.smarthr.switches.discontinued_listed = True
    assert len(smarthr.get("/v1/departments").json()) == 4


def walked(smarthr: httpx.Client, query: str = "sort=emp_code&per_page=20") -> list[httpx.Response]:
    """Return all pages of a list, by their links."""
    pages, page = [], 1
    while page:
        pages.append(smarthr.get(f"/v1/crews?{query}&page={page}"))
        page = page + 1 if 'rel="next"' in pages[-1].headers.get("link", "") else 0
    return pages


def test_ties_may_be_shuffled_on_every_page(box: Sandbox, smarthr: httpx.Client) -> None:
    """Some without a number come twice and others not at all; who has one stays in place."""
    fill(box, 40)
    for _ in range(40):
        box.smarthr.add(last_name="番号なし")
    stable = [row["id"] for page in walked(smarthr) for row in page.json()]
    assert len(set(stable)) == 80
    box.smarthr.switches.ties = "shuffled"
    shuffled = [row["id"] for page in walked(smarthr) for row in page.json()]
    assert len(shuffled) == 80
    assert len(set(shuffled)) < 80
    assert shuffled[:40] == stable[:40]


@pytest.mark.parametrize("empty", [1, 2, 4])
def test_a_page_may_be_empty_and_link_on(box: Sandbox, smarthr: httpx.Client, empty: int) -> None:
    """Nobody is lost: what would stand there stands on the next page."""
    fill(box, 60)
    box.smarthr.switches.empty_page = empty
    pages = walked(smarthr)
    counts = [len(page.json()) for page in pages]
    assert counts == ([20, 20, 20] if empty == 4 else [*[20] * (empty - 1), 0, *[20] * (4 - empty)])
    assert len({row["id"] for page in pages for row in page.json()}) == 60


@pytest.mark.parametrize(
    ("total", "told"),
    [("every page", ["60"] * 3), ("first page", ["60", None, None]), ("none", [None] * 3)],
)
def test_the_total_may_be_sparse(
    box: Sandbox, smarthr: httpx.Client, total: str, told: list[str | None]
) -> None:
    """It is on every page, on the first one only, or nowhere."""
    fill(box, 60)
    box.smarthr.switches.total = total  # type: ignore[assignment]
    assert [page.headers.get("x-total-count") for page in walked(smarthr)] == told


def test_pages_may_be_small_and_without_links(box: Sandbox, smarthr: httpx.Client) -> None:
    """A page has no more rows than the system wants, and need not tell of the next one."""
    fill(box, 60)
    box.smarthr.switches.largest_page = 7
    box.smarthr.switches.links = False
    answer = smarthr.get("/v1/crews?per_page=100")
    assert (len(answer.json()), answer.headers["x-per-page"]) == (7, "7")
    assert "link" not in answer.headers


def test_labels_and_packing_are_switches(box: Sandbox, smarthr: httpx.Client) -> None:
    """JSON may be called a web page and come in gzip members, refusals as well."""
    fill(box, 3)
    box.smarthr.switches.label = "text/html; charset=utf-8"
    box.smarthr.switches.gzip_members = 5
    for path, status in (("/v1/crews", 200), ("/v1/nonsense", 404)):
        with smarthr.stream("GET", path) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert packed.count(b"\x1f\x8b\x08") >= 5
        assert json.loads(gzip.decompress(packed))


NEW_ATTRIBUTES = """insurance_premium_calculation_type health_insurance_premium_company
health_insurance_premium_individual care_insurance_premium_company
care_insurance_premium_individual employees_pension_insurance_premium_company
employees_pension_insurance_premium_individual child_care_support_fund_company
child_care_support_fund_individual child_care_contribution recruitment_type"""


def test_a_person_has_every_premium(box: Sandbox, smarthr: httpx.Client) -> None:
    """They are shown, empty at first, and can be written as amounts in yen."""
    (crew,) = fill(box, 1)
    shown = smarthr.get(f"/v1/crews/{crew}").json()
    assert {name: shown[name] for name in NEW_ATTRIBUTES.split()} == dict.fromkeys(
        NEW_ATTRIBUTES.split()
    )
    premium = {"health_insurance_premium_company": 12000, "child_care_contribution": 500}
    sent = {**premium, "insurance_premium_calculation_type": "fixed", "recruitment_type": "新卒"}
    written = smarthr.patch(f"/v1/crews/{crew}", json=sent).json()
    assert {name: written[name] for name in premium} == premium
    assert written["recruitment_type"]["name"] == "新卒"
    wrong = {"insurance_premium_calculation_type": "x", "care_insurance_premium_individual": "1"}
    assert smarthr.patch(f"/v1/crews/{crew}", json=wrong).status_code == 400
