"""How long a request in trouble waits: what the system announces counts, either way."""

from __future__ import annotations

from renkei.clock import Clock
from renkei.errors import UnavailableError
from renkei.http.pace import Pacer
from renkei.http.retry import Retries, RetryBudget


class Ticking(Clock):
    """A clock on which sleeping takes no time, and yet time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def monotonic(self) -> float:
        """Return what was slept so far."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Be older."""
        self.seconds += max(0.0, seconds)


def waited(error: UnavailableError, budget_s: float) -> tuple[bool, float, float]:
    """Wait once; return whether to try again, how long it took, and what is left to spend."""
    clock = Ticking()
    budget = RetryBudget(budget_s, clock=clock)
    pacer = Pacer(clock)
    trouble = Retries(budget=budget, clock=clock, pacer=pacer, on_wait=None)
    with trouble:
        again = trouble.wait(error)
        pacer.wait((), None)
    return again, clock.seconds, budget.left_s()


def test_an_announced_wait_after_a_clear_refusal_costs_nothing() -> None:
    """A limit is no trouble: the connection is held, and the budget stays whole."""
    error = UnavailableError("limit", retry_after_s=300.0, nothing_done=True)
    again, took, left = waited(error, 20.0)
    assert again
    assert took >= 300
    assert left == 20.0


def test_an_announced_wait_after_a_lost_answer_is_kept_and_counts() -> None:
    """The system may be ill: it is waited for as long as it says, within the budget."""
    error = UnavailableError("ill", retry_after_s=12.0)
    again, took, left = waited(error, 20.0)
    assert again
    assert took >= 12
    assert left <= 8


def test_an_announced_wait_beyond_the_budget_ends_the_tries() -> None:
    """Nobody sits through it: the person who asked is told."""
    error = UnavailableError("ill", retry_after_s=300.0)
    assert waited(error, 20.0)[:2] == (False, 0.0)
