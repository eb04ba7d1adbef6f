"""Threads that last as long as this process, for what ends with the thread that started it.

A sandbox does: the kernel tells bubblewrap of the end of the thread that it was started in, not of
the process. Started in a pool's thread, it would end with the pool, and not serve the next one.
The main thread lasts as long, and a process with no other may still be forked.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

_Made = TypeVar("_Made")
_Order = tuple[Callable[[], Any], "Future[Any]"]


def in_lasting_thread(make: Callable[[], _Made]) -> _Made:
    """Return what `make` does, called in such a thread. What it raises is raised here."""
    if threading.current_thread() is threading.main_thread():
        return make()
    future: Future[_Made] = Future()
    _orders(os.getpid()).put((make, future))
    return future.result()


@functools.cache
def _orders(process: int) -> SimpleQueue[_Order]:
    """Return where a process's thread takes its orders: none is left in a process that was forked.

    Nobody waits for the thread when the program ends: what it started ends with it.
    """
    orders: SimpleQueue[_Order] = SimpleQueue()
    name = "starts sandboxes"
    threading.Thread(target=_serve, args=(orders,), name=name, daemon=True).start()
    return orders


def _serve(orders: SimpleQueue[_Order]) -> None:
    while True:
        make, future = orders.get()
        try:
            future.set_result(make())
        except BaseException as error:  # noqa: BLE001 - whoever ordered it is told
            future.set_exception(error)
