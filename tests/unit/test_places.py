"""Room for so many at a time: nobody gets in beyond it, and who waits gets in when one leaves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from backscroll.places import Places
from tests.stack.conditions import until


def test_there_is_room_for_so_many() -> None:
    places = Places(2)
    assert places.take(0)
    assert places.take(0)
    assert not places.take(0)
    places.leave()
    assert places.take(0.01)


def test_who_waits_gets_in_when_somebody_leaves() -> None:
    places = Places(1)
    assert places.take()
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(places.take) for _ in range(3)]
        for count in range(1, 4):
            places.leave()
            until(f"{count} got in", lambda count=count: sum(each.done() for each in waiting) == count)


def test_of_many_threads_no_more_are_inside_than_there_are_places() -> None:
    places, lock = Places(3), threading.Lock()
    inside, most = 0, 0

    def go_through() -> None:
        nonlocal inside, most
        for _ in range(300):
            assert places.take(30)
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1
            places.leave()

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(go_through) for _ in range(12)]:
            done.result(60)
    assert most <= 3
    assert [places.take(0) for _ in range(4)] == [True, True, True, False]
