"""Eight bare sockets, and nothing between them and the bytes: the least that Python can do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.peers.common import EVERYBODY, compare, page, pages, told

IN_FLIGHT = 8


async def one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, target: str, body: Any
) -> tuple[int, Any]:
    """Send one request; return the total that the answer tells, and its document."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {target} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    told_by = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = dict(line.split(": ", 1) for line in told_by.split("\r\n")[1:] if line)
    answer = await reader.readexactly(int(lines["content-length"]))
    return int(lines.get("x-total-count", "0")), json.loads(answer)


Todo = list[tuple[str, str, Any]]
All = Callable[[Todo], Awaitable[list[Any]]]
"""Sends all of several requests, eight in flight, and returns their documents."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[list[Any], All]]:
    """Read both lists; yield their pages, and what sends further requests."""
    place = urlsplit(url)
    lines = [await asyncio.open_connection(place.hostname, place.port) for _ in range(IN_FLIGHT)]

    async def work(line: int, todo: Iterator[tuple[str, str, Any]], done: list[Any]) -> None:
        for method, target, body in todo:
            done.append((await one(*lines[line], method, target, body))[1])

    async def all_of(todo: Todo) -> list[Any]:
        left, done = iter(todo), list[Any]()
        await asyncio.gather(*(work(line, left, done) for line in range(IN_FLIGHT)))
        return done

    total, first = await one(*lines[0], "GET", page(1), None)
    asked = [("GET", EVERYBODY, None), *(("GET", page(each), None) for each in pages(total))]
    yield [first, *(await all_of(asked))], all_of
    for _reader, writer in lines:
        writer.close()


async def main(url: str, *, write: bool) -> None:
    """Read both lists, compare, and write if asked to."""
    async with connected(url) as (lists, all_of):
        crews = [row for each in lists for row in each if "emp_code" in row]
        employees = [row for each in lists for row in each if "code" in row]
        new, changed = compare(crews, employees)
        if write:
            bodies = [("POST", "/employees", body) for body in new]
            updates = [("PUT", f"/employees/{key}", body) for key, body in changed]
            await all_of([*bodies, *updates])
    told(new, changed)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], write="write" in sys.argv))
