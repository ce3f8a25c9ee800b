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
from pathlib import Path

from tests import postgres

from bench.page import write_page
from bench.work import LATENCY_S, Measured, Work

ROOT = Path(__file__).resolve().parents[1]

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


SECOND = 1
"""Seconds after which a limit per second knows nothing of what was before."""


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
        command = [executable, *(RUN if work.write else FETCH)]
        if work.again:
            _run(command, folder, server, work)
            time.sleep(SECOND)
        return _run(command, folder, server, work)
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
) -> dict[str, Measured]:
    """Measure in turn, so that what else the machine does falls on all alike; return medians."""
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
    medians = {name: _median(each) for name, each in found.items()}
    print(f"\n{work.name}: {work.requests} requests, bound {work.bound_s:.2f} s, {rounds} rounds")
    for name, each in medians.items():
        print(
            f"  {name:<13} {each.wall_s:7.2f} s {each.wall_s / work.bound_s:6.2f} x"
            f"   processor {each.cpu_s:6.2f} s   {each.peak_mib:6.0f} MiB"
            f"   {each.requests} requests, {each.refused} refused",
            flush=True,
        )
    return medians


def _median(several: Sequence[Measured]) -> Measured:
    last = several[-1]
    return Measured(
        wall_s=statistics.median(each.wall_s for each in several),
        cpu_s=statistics.median(each.cpu_s for each in several),
        peak_mib=statistics.median(each.peak_mib for each in several),
        refused=last.refused,
        requests=last.requests,
    )


PEERS = ("sequential", "eight", "sockets")
FAST = ("eight", "sockets")
LEAST = ("least",)
"""It only reads."""

TABLE: tuple[tuple[Work, int, Sequence[str]], ...] = (
    (Work(1_000), 5, PEERS + LEAST),
    (Work(10_000), 5, PEERS + LEAST),
    (Work(100_000), 1, FAST + LEAST),
    (Work(10_000, rate=10, kind="fixed"), 5, FAST[:1]),
    (Work(10_000, rate=10, kind="sliding"), 5, FAST[:1]),
    (Work(10_000, rate=10, kind="fixed", again=True), 5, ()),
    (Work(1_000, write=True), 5, PEERS),
    (Work(10_000, write=True), 5, FAST),
    (Work(50_000), 1, ()),
    (Work(200_000), 1, ()),
)
"""What docs/performance.md shows: the work, how many rounds, and beside whom."""


def main() -> None:
    """Measure what is asked for; everything, and write the page, if nothing is."""
    ask = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    ask.add_argument("--people", type=int, action="append")
    ask.add_argument("--write", action="store_true")
    ask.add_argument("--again", action="store_true")
    ask.add_argument("--rate", type=int)
    ask.add_argument("--kind", default="fixed", choices=["fixed", "sliding"])
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--peers", default=",".join(PEERS))
    ask.add_argument("--beside", action="append", default=[], help="another renkei to measure")
    ask.add_argument("--postgres", action="store_true", help="on PostgreSQL, too")
    asked = ask.parse_args()
    if not asked.people:
        write_page([(work, measure(work, rounds, peers, ())) for work, rounds, peers in TABLE])
        return
    for people in asked.people:
        kind = asked.kind if asked.rate else "none"
        work = Work(people, write=asked.write, rate=asked.rate, kind=kind, again=asked.again)
        peers = [peer for peer in asked.peers.split(",") if peer]
        measure(work, asked.rounds, peers, asked.beside, on_server=asked.postgres)


if __name__ == "__main__":
    main()
