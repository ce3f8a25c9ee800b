"""A busy machine may take longer than a second for an answer that is lost after one second."""

from __future__ import annotations

from renkei.http.request import Timeouts

PATIENCE_S = 20.0


def patient(*, read_s: float, call_s: float) -> Timeouts:
    """Return timeouts as asked for, but PATIENCE_S where a second was: for `renkei.systems`."""
    longest_s = PATIENCE_S if call_s == 1.0 else call_s
    return Timeouts(read_s=max(read_s, longest_s), call_s=longest_s)
