"""What one who follows has heard and not taken: never with a hole in it, and never too much."""

from __future__ import annotations

from backscroll.store.events import Event
from backscroll.store.following import _MOST, _Follower


def event(number: int) -> Event:
    return Event(f"{number}-0", "delta", b"{}")


def looked() -> _Follower:
    """Give one who has had its first look."""
    follower = _Follower()
    follower.look()
    assert follower.take(0) is None
    return follower


def test_what_is_heard_before_the_first_look_is_left_to_it() -> None:
    follower = _Follower()
    follower.hear(event(1))
    assert follower.take(0) is None
    follower.look()
    follower.hear(event(2))
    assert follower.take(0) is None
    follower.hear(event(3))
    assert follower.take(0) == (event(3),)


def test_what_was_heard_is_taken_once_and_in_order() -> None:
    follower = looked()
    for number in range(3):
        follower.hear(event(number))
    assert follower.take(0) == tuple(map(event, range(3)))
    assert follower.take(0) is None, "nothing came: time for a look"


def test_who_takes_nothing_is_kept_no_more_than_so_much_for() -> None:
    follower = looked()
    for number in range(_MOST):
        follower.hear(event(number))
    taken = follower.take(0)
    assert taken is not None
    assert len(taken) == _MOST
    for number in range(_MOST + 7):
        follower.hear(event(number))
    assert follower.take(0) is None
    follower.hear(event(_MOST + 7))
    assert follower.take(0) == (event(_MOST + 7),)


def test_a_call_to_look_goes_before_what_was_heard() -> None:
    follower = looked()
    follower.hear(event(1))
    follower.look()
    assert follower.take(0) is None
    assert follower.take(0) is None
