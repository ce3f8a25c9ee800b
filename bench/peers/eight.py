"""Eight requests in flight, with httpx: what a script becomes that has to be fast."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import httpx

from bench.peers.common import EVERYBODY, compare, page, pages, told

IN_FLIGHT = 8


async def main(url: str, *, write: bool) -> None:
    """Read both lists, compare, and write if asked to."""
    room = asyncio.Semaphore(IN_FLIGHT)
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:

        async def asked(method: str, target: str, **more: Any) -> httpx.Response:
            while True:
                async with room:
                    answer = await client.request(method, target, **more)
                if answer.status_code != 429:
                    return answer.raise_for_status()
                await asyncio.sleep(1)

        everybody = asyncio.create_task(asked("GET", EVERYBODY))
        first = await asked("GET", page(1))
        total = int(first.headers["x-total-count"])
        rest = await asyncio.gather(*(asked("GET", page(each)) for each in pages(total)))
        crews = [crew for answer in (first, *rest) for crew in answer.json()]
        new, changed = compare(crews, (await everybody).json())
        if write:
            await asyncio.gather(
                *(asked("POST", "/employees", json=body) for body in new),
                *(asked("PUT", f"/employees/{key}", json=body) for key, body in changed),
            )
    told(new, changed)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], write="write" in sys.argv))
