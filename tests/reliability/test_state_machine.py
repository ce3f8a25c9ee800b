from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.reliability.harness.killer import Zygote
from tests.reliability.machine import Machine
from tests.sampling import examples, sampled

COMMON = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
CI = settings(
    COMMON,
    max_examples=examples(1, 6),
    stateful_step_count=examples(12, 25),
    phases=[Phase.generate],  # making an example smaller takes longer than a test may
)
LONG = settings(COMMON, max_examples=30, stateful_step_count=40)


def play(zygote: Zygote, store_bytes: bytes, number: int, how: settings) -> None:
    """Let the machine run with one seed."""

    @seed(number)
    class Seeded(Machine):
        def __init__(self) -> None:
            super().__init__(zygote, store_bytes)

    run_state_machine_as_test(Seeded, settings=how)


@pytest.mark.fault("F30")
@sampled
@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 3))])
def test_whatever_happens_in_whatever_order(
    zygote: Zygote, store_bytes: bytes, number: int
) -> None:
    """Edits, faults, time, kills and several operators: nothing lost, doubled or overwritten."""
    play(zygote, store_bytes, number, CI)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", range(100, 108))
def test_whatever_happens_in_the_long_run(zygote: Zygote, store_bytes: bytes, number: int) -> None:
    """The same, thousands of times, with longer stories; a failing one is made smaller."""
    play(zygote, store_bytes, number, LONG)
