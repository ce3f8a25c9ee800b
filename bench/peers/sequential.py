"""One request after the other, with httpx: what most scripts are."""

from __future__ import annotations

import sys

import httpx

from bench.peers.common import EVERYBODY, compare, page, pages, told


def main(url: str, *, write: bool) -> None:
    """Read both lists, compare, and write if asked to."""
    with httpx.Client(base_url=url, timeout=60) as client:
        first = client.get(page(1)).raise_for_status()
        crews = first.json()
        for number in pages(int(first.headers["x-total-count"])):
            crews += client.get(page(number)).raise_for_status().json()
        employees = client.get(EVERYBODY).raise_for_status().json()
        new, changed = compare(crews, employees)
        if write:
            for body in new:
                client.post("/employees", json=body).raise_for_status()
            for key, body in changed:
                client.put(f"/employees/{key}", json=body).raise_for_status()
    told(new, changed)


if __name__ == "__main__":
    main(sys.argv[1], write="write" in sys.argv)
