"""What planted bugs got away with: answers that come too slowly."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import respx

from renkei.clock import Clock
from renkei.errors import UnavailableError
from renkei.http.connection import Connection
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret

BASE = "https://hr.test/api"


class SlowClock(Clock):
    """Time passes only while it is waited for a byte, or slept."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__()

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Drip(httpx.SyncByteStream):
    """A byte every 29 seconds: no wait for a single one is too long."""

    def __init__(self, clock: SlowClock) -> None:
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        for _byte in range(40):
            self._clock.now_s += 29
            yield b" "
        yield b"[]"


@pytest.mark.parametrize("way", ["document", "list"])
@respx.mock
def test_no_answer_may_drip_for_ever(way: str) -> None:
    """A call has a minute and a list ten, however steadily something arrives."""
    clock = SlowClock()
    respx.get(f"{BASE}/x").mock(side_effect=lambda _r: httpx.Response(200, stream=Drip(clock)))
    with Connection(
        name="hr",
        connector="smarthr",
        base_url=BASE,
        token=Secret("tok_drip"),
        clock=clock,
        budget=RetryBudget(20, clock=clock),
    ) as connection:
        session = connection.session(headers={}, classify=lambda _failure: None)
        with pytest.raises(UnavailableError) as caught:
            session.get("x") if way == "document" else list(session.stream("x"))
    assert caught.value.code == "timeout"
