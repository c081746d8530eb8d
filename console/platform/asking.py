"""Asks what may be silent: side by side, in threads, and with a limit of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock, Thread
from typing import Any

ANSWER_SECONDS = 2.5  # for all questions together


def ask_all(questions: Mapping[str, Callable[[], Any]], seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    """Return what each question gave, an exception where it failed; TimeoutError where nothing came in time."""
    answers: dict[str, Any] = dict.fromkeys(questions, TimeoutError())

    def ask(name: str) -> None:
        try:
            answers[name] = questions[name]()
        except Exception as error:  # Whatever it is, it belongs on the page, and not to the thread's end.
            answers[name] = error

    threads = [Thread(target=ask, args=[name], daemon=True) for name in questions]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    return dict(answers)


def alone(question: Callable[[], Any]) -> Callable[[], Any]:
    """Return a question that raises TimeoutError while it is still waiting for an earlier answer: no heap piles up."""
    asking = Lock()

    def ask() -> Any:
        if not asking.acquire(blocking=False):
            raise TimeoutError
        try:
            return question()
        finally:
            asking.release()

    return ask
