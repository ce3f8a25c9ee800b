"""Answers that are asked for ahead, in threads, and handed on in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

A = TypeVar("A")
Q = TypeVar("Q")


def ahead(
    ask: Callable[[Q], A], questions: Iterable[Q], width: Callable[[], int]
) -> Generator[A, None, None]:
    """
    Yield the answer to each of *questions*, in order, while up to *width* others are on their way.

    *width* is asked anew for each. What an answer's *ask* raises is raised in its place; those
    asked beyond it are given up. The threads are daemons: nobody waits for an answer that is no
    longer wanted.
    """
    left = iter(questions)
    asked: deque[Future[A]] = deque()
    given_up = threading.Event()

    def work(question: Q, answer: Future[A]) -> None:
        if given_up.is_set():
            return
        try:
            answer.set_result(ask(question))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            answer.set_exception(error)

    def ask_on() -> None:
        for question in islice(left, max(0, width() - len(asked))):
            asked.append(Future())
            thread = threading.Thread(
                target=copy_context().run, args=(work, question, asked[-1]), daemon=True
            )
            thread.start()

    try:
        ask_on()
        while asked:
            answer = asked.popleft().result()
            ask_on()
            yield answer
    finally:
        given_up.set()
