"""Measure renkei beside its peers, and say how near both come to what is possible."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path

from attrs import frozen
from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
LATENCY_S = 0.05
IN_FLIGHT = 8
PER_PAGE = 100

CONFIG = """\
connections:
  smarthr:
    {{connector: smarthr, base_url: "{url}", token: "env:RENKEI_BENCH_TOKEN", limits: {limits}}}
  touchontime:
    {{connector: touchontime, base_url: "{url}", token: "env:RENKEI_BENCH_TOKEN",
     limits: [], closed_hours: []}}
mappings:
  - use: smarthr-touchontime
store: "{store}"
"""
FETCH = ("fetch", "smarthr", "touchontime")
RUN = (
    *("run", "smarthr", "touchontime", "--difference", "new", "--difference", "changed"),
    *("--new", "divisionCode=1000", "--new", "typeCode=1", "--allow-unusual", "--look-first"),
)


@frozen
class Work:
    """Something to do for a company: *people*, whether to *write*, and at most *rate* a second."""

    people: int
    write: bool = False
    rate: int | None = None
    kind: str = "none"

    @property
    def name(self) -> str:
        """What a table calls it."""
        what = "fetch and sync" if self.write else "fetch and plan"
        limit = f", {self.rate} a second ({self.kind} window)" if self.rate else ""
        return f"{what} {self.people:,}{limit}"

    @property
    def requests(self) -> int:
        """How many requests a script needs that reads each side once and writes what differs."""
        pages = ceil(self.people / PER_PAGE)
        writes = self.people // 20 + self.people // 10 if self.write else 0
        return pages + 1 + writes

    @property
    def bound_s(self) -> float:
        """In how many seconds it could be done, by the latency of requests and by the rate."""
        by_latency = ceil(self.requests / IN_FLIGHT) * LATENCY_S
        if self.rate is None:
            return by_latency
        paced = ceil(ceil(self.people / PER_PAGE) / self.rate) - 1
        return max(by_latency, paced + LATENCY_S)


@frozen
class Measured:
    """What one process took: seconds of the wall, seconds of a processor, most memory in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    refused: int
    requests: int


class Server:
    """The bench server in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def reset(self, work: Work) -> None:
        """Begin anew with the people of *work*."""
        limit = f"&kind={work.kind}&count={work.rate}" if work.rate else ""
        self._ask(f"reset?people={work.people}&latency={LATENCY_S}{limit}")

    def counts(self) -> dict[str, int]:
        """Return what it has been asked since."""
        return self._ask("counts")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _ask(self, what: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/_bench/{what}") as answer:  # noqa: S310 - our own
            told: dict[str, int] = json.load(answer)
            return told


@contextmanager
def _served() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.stop()


def _run(command: Sequence[str], folder: Path, server: Server, work: Work) -> Measured:
    """Run *command* as a whole process and measure it."""
    server.reset(work)
    environment = {**os.environ, "RENKEI_BENCH_TOKEN": "bench"}
    for name in [name for name in environment if name.startswith("PYTHON")]:
        del environment[name]  # as people run it: compiled once, with nothing else on the path
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read() if process.stderr else b""
    _pid, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: {said.decode()[-500:]}")
    told = server.counts()
    return Measured(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
        refused=told["refusals"],
        requests=told["requests"],
    )


def _renkei(work: Work, server: Server, executable: str, store: str = "renkei.db") -> Measured:
    folder = Path(tempfile.mkdtemp(prefix="renkei-bench-"))
    try:
        limits = f"[{{count: {work.rate}, seconds: 1}}]" if work.rate else "[]"
        text = CONFIG.format(url=server.url, limits=limits, store=store)
        (folder / "renkei.yaml").write_text(text, encoding="utf-8")
        return _run([executable, *(RUN if work.write else FETCH)], folder, server, work)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _postgres(*, wanted: bool) -> Iterator[postgres.Server | None]:
    """Start a server of which every commit waits for the disk."""
    if not wanted:
        yield None
        return
    server = postgres.Server.make()
    server.start("fsync=on", "full_page_writes=on", "autovacuum=on", "shared_buffers=128MB")
    try:
        yield server
    finally:
        server.stop()
        server.remove()


def _renkei_on(database: postgres.Server, work: Work, server: Server, executable: str) -> Measured:
    with database.database("template0") as made:  # the store is made anew, as that in a file is
        return _renkei(work, server, executable, made.address)


def _peer(name: str, work: Work, server: Server) -> Measured:
    words = [sys.executable, "-m", f"bench.peers.{name}", server.url]
    return _run([*words, "write"] if work.write else words, ROOT, server, work)


def measure(
    work: Work,
    rounds: int,
    peers: Sequence[str],
    others: Sequence[str],
    *,
    on_server: bool = False,
) -> None:
    """Measure in turn, so that what else the machine does falls on all alike; print the medians."""
    found: dict[str, list[Measured]] = {}
    ours = [str(Path(sys.executable).parent / "renkei"), *others]
    with _served() as server, _postgres(wanted=on_server) as database:
        for _round in range(rounds):
            for place, executable in enumerate(ours):
                name = "renkei" if place == 0 else f"renkei at {executable}"
                found.setdefault(name, []).append(_renkei(work, server, executable))
            if database is not None:
                on_it = _renkei_on(database, work, server, ours[0])
                found.setdefault("on PostgreSQL", []).append(on_it)
            for peer in peers:
                found.setdefault(peer, []).append(_peer(peer, work, server))
    print(f"\n{work.name}: {work.requests} requests, bound {work.bound_s:.2f} s, {rounds} rounds")
    for name, all_of_it in found.items():
        wall = statistics.median(each.wall_s for each in all_of_it)
        cpu = statistics.median(each.cpu_s for each in all_of_it)
        peak = statistics.median(each.peak_mib for each in all_of_it)
        last = all_of_it[-1]
        print(
            f"  {name:<13} {wall:7.2f} s {wall / work.bound_s:6.2f} x   processor {cpu:6.2f} s"
            f"   {peak:6.0f} MiB   {last.requests} requests, {last.refused} refused",
            flush=True,
        )


def main() -> None:
    """Measure what is asked for."""
    ask = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    ask.add_argument("--people", type=int, action="append")
    ask.add_argument("--write", action="store_true")
    ask.add_argument("--rate", type=int)
    ask.add_argument("--kind", default="fixed", choices=["fixed", "sliding"])
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--peers", default="sequential,eight,sockets")
    ask.add_argument("--beside", action="append", default=[], help="another renkei to measure")
    ask.add_argument("--postgres", action="store_true", help="on PostgreSQL, too")
    asked = ask.parse_args()
    for people in asked.people or [10_000]:
        kind = asked.kind if asked.rate else "none"
        work = Work(people, write=asked.write, rate=asked.rate, kind=kind)
        peers = [peer for peer in asked.peers.split(",") if peer]
        measure(work, asked.rounds, peers, asked.beside, on_server=asked.postgres)


if __name__ == "__main__":
    main()
