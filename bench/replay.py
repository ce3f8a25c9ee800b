"""What the requests of a job cost alone: the same once more, by what renkei sends them with."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from renkei.clock import Clock
from renkei.http.network import Network
from renkei.http.request import Request, Timeouts
from renkei.http.wire import Wire
from renkei_runner.site import Site

SAMPLE = 40
"""How many companies' requests are sent."""


def replayed_s(journal: Sequence[Mapping[str, Any]], site: Site) -> float:
    """Return seconds of a processor for the requests of one company, by an average one."""
    counts = Counter(entry["tenant"] for entry in journal)
    usual, _times = Counter(counts.values()).most_common(1)[0]
    companies = [each for each in site.offices if counts[each.name] == usual][:SAMPLE]
    tokens = {each.name: each.tokens for each in companies}
    wires = {
        name: Wire(name, clock=Clock(), timeouts=Timeouts(), network=Network())
        for name in site.systems
    }
    requests = [_again(entry, tokens, site) for entry in journal if entry["tenant"] in tokens]
    begun = time.process_time()
    for name, request in requests:
        reply = wires[name].open(request, within_s=60)
        json.loads(reply.read(max_bytes=10_000_000) or b"null")
        reply.close()
    spent = time.process_time() - begun
    for wire in wires.values():
        wire.close()
    return spent / len(companies)


def _again(
    entry: Mapping[str, Any], tokens: Mapping[str, Mapping[str, str]], site: Site
) -> tuple[str, Request]:
    name = entry["system"]
    url = site.systems[name].split("/", 3)
    query = f"?{urlencode(entry['query'])}" if entry["query"] else ""
    return name, Request(
        method=entry["method"],
        url=f"{url[0]}//{url[2]}{entry['path']}{query}",
        headers={"Authorization": f"Bearer {tokens[entry['tenant']][name]}"},
        body=b"" if entry["body"] is None else json.dumps(entry["body"]).encode(),
    )
