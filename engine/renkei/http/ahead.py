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


class GivenUp(Exception):
    """Nobody wants the answer any more."""


def begun(ask: Callable[[Q], A], question: Q) -> Future[A]:
    """
    Ask in a thread, and return what will hold the answer, or what was raised in place of it.

    The thread is a daemon: nobody waits for an answer that is no longer wanted. Where there is no
    room for a thread it is asked here and now.
    """
    answer: Future[A] = Future()

    def work() -> None:
        try:
            answer.set_result(ask(question))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            answer.set_exception(error)

    try:
        # In our context: the language of messages, and what goes with each line of the log.
        threading.Thread(target=copy_context().run, args=(work,), daemon=True).start()
    except RuntimeError:  # there is no room for another thread
        work()
    return answer


def ahead(
    ask: Callable[[Q], A], questions: Iterable[Q], width: Callable[[], int]
) -> Generator[A, None, None]:
    """
    Yield the answer to each of *questions*, in order, while up to *width* others are on their way.

    *width* is asked anew for each. What an answer's *ask* raises is raised in its place; those
    asked beyond it are given up.
    """
    left = iter(questions)
    asked: deque[Future[A]] = deque()
    given_up = threading.Event()

    def wanted(question: Q) -> A:
        if given_up.is_set():
            raise GivenUp
        return ask(question)

    def ask_on() -> None:
        for question in islice(left, max(0, width() - len(asked))):
            asked.append(begun(wanted, question))

    try:
        ask_on()
        while asked:
            answer = asked.popleft().result()
            ask_on()  # before it is handed on: the caller may take its time with it
            yield answer
    finally:
        given_up.set()
