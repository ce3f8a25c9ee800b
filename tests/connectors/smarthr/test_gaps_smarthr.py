"""What planted bugs got away with: lists by id that leave somebody out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import httpx
import pytest
import respx

from renkei.connector import Connection, Ref
from renkei_smarthr import SmartHR

BASE = "https://akebono.smarthr.jp/api"
CREWS = f"{BASE}/v1/crews"
AT = dt.date(2026, 11, 20)


@pytest.mark.parametrize("there", [True, False])
def test_whom_a_list_leaves_out_is_asked_for_directly(
    connect: Callable[[str, str], Connection], mock: respx.MockRouter, *, there: bool
) -> None:
    """Nobody is gone because a list was short; a person is gone by their own address only."""
    alone = {"id": "id-2", "emp_code": "2"}
    some = [{"id": "id-1", "emp_code": "1"}]
    listed = httpx.Response(200, json=some, headers={"x-total-count": "1"})
    mock.get(CREWS).mock(return_value=listed)
    mock.get(f"{CREWS}/id-2").respond(200 if there else 404, json=alone if there else {"code": 4})
    smarthr = SmartHR(connect("smarthr", BASE))
    refs = [Ref(id="id-1"), Ref(id="id-2")]
    people = smarthr.read_employees(refs=refs, at=AT, fields=["emp_code"])
    assert [person.id for person in people] == ["id-1", "id-2"][: 2 if there else 1]
