"""What is in the spool comes home: in order of time, once, whoever wrote it and whenever that died."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backscroll.cipher import PLAIN, Cipher
from backscroll.errors import NotFound, StoreUnavailable
from backscroll.messages.part import Text
from backscroll.metrics import REGISTRY
from backscroll.sealing import Sealing
from backscroll.session import Session
from backscroll.settings import StoreSettings
from backscroll.spool import merge
from backscroll.spool.record import decode, encode
from backscroll.store import keys, sessions, submissions
from backscroll.store.recover import DegradedTurn, Recovered, recover
from backscroll.store.redis import Store
from backscroll.store.submissions import Submission
from tests.integration.acting import claim, commit, texts
from tests.integration.recovering import Process, degraded, now
from tests.stack.conditions import until


@pytest.fixture
def one(tmp_path: Path, store: Store) -> Process:
    return Process(tmp_path, store)


@pytest.fixture
def other(tmp_path: Path, store: Store) -> Process:
    return Process(tmp_path, store)


def counted(result: str) -> float:
    return REGISTRY.get_sample_value("backscroll_merged_turns_total", {"result": result}) or 0.0


def test_turns_come_in_order_of_time_over_all_processes(
    one: Process, other: Process, store: Store, session: Session
) -> None:
    at = now()
    for number, process in enumerate([one, other, one, other]):
        process.keep(degraded(session, f"said {number}", accepted_at=at + number))
    before = counted("merged")
    assert one.merge() == 0
    assert texts(store, session)[::2] == ["said 0", "said 1", "said 2", "said 3"]
    assert counted("merged") == before + 4
    assert len(one.spool.files()) == 1, "the other process lives, and its file is its own affair"
    assert other.merge() == 0
    assert other.spool.files() == []
    assert counted("merged") == before + 4, "nothing was written twice"
    assert len(one.settled) == 4
    assert len(other.settled) == 2


def test_a_crash_between_merging_and_removing_merges_nothing_twice(
    one: Process, other: Process, store: Store, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.keep(degraded(session))
    with monkeypatch.context() as crash:
        crash.setattr(one.spool, "remove", lambda path, size: False)
        one.merge()
    one.spool.close()
    assert other.merge() == 0
    assert texts(store, session) == ["lost?", "no"]
    assert other.spool.files() == []


def test_the_file_of_a_dead_process_is_adopted_with_its_torn_last_line_counted(
    one: Process, other: Process, store: Store, session: Session
) -> None:
    one.keep(degraded(session))
    (path,) = one.spool.files()
    with path.open("ab") as file:
        file.write(encode(degraded(session, "half"), PLAIN)[:40])
    one.spool.close()
    before = counted("torn")
    assert other.merge() == 0
    assert texts(store, session) == ["lost?", "no"]
    assert other.spool.files() == []
    assert counted("torn") == before + 1


def test_f23_a_session_that_somebody_holds_waits_and_the_others_do_not(
    one: Process, store: Store, session: Session
) -> None:
    # Elsewhere the locks were skipped without Redis.
    free = Session("tests", session.id + "-free")
    submissions.submit(store, session, Submission(parts=(Text("first"),)))
    holder = claim(store, session, "holder")
    one.keep(degraded(session, "second"), degraded(session, "third"), degraded(free))
    assert one.merge() == 2
    assert texts(store, free) == ["lost?", "no"]
    assert sessions.state(store, session).messages == 0
    commit(store, holder)
    assert one.merge() == 0
    assert texts(store, session)[::2] == ["first", "second", "third"]
    assert one.spool.files() == []


def test_what_waits_is_rung_for(one: Process, store: Store, session: Session) -> None:
    submissions.submit(store, session, Submission(parts=(Text("waits"),)))
    one.keep(degraded(session))
    one.merge()
    assert one.rung == [session]


def test_while_the_store_is_away_everything_stays(tmp_path: Path, session: Session) -> None:
    away = Store(StoreSettings(redis_url=f"unix://{tmp_path}/nobody.sock"))
    process = Process(tmp_path, away)
    process.keep(degraded(session))
    with pytest.raises(StoreUnavailable):
        process.merge()
    assert len(process.spool.files()) == 1
    assert process.settled == []


def test_a_turn_of_a_deleted_session_leaves_the_disk_and_goes_nowhere(
    one: Process, store: Store, session: Session
) -> None:
    one.keep(degraded(session))
    with pytest.raises(NotFound):
        sessions.delete(store, session)
    before = counted("deleted")
    assert one.merge() == 0
    assert one.spool.files() == []
    assert counted("deleted") == before + 1


def test_one_that_cannot_be_written_keeps_no_other_from_it(
    one: Process, store: Store, session: Session
) -> None:
    broken = degraded(Session("tests", session.id + "-broken"))
    meta, *_ = keys.of_session(broken.session, store.settings.shards)
    store.client.set(meta.removesuffix("meta") + f"reply:{broken.reply_id}", "no record", ex=60)
    one.keep(broken, degraded(session))
    assert one.merge() == 1
    assert texts(store, session) == ["lost?", "no"]
    assert len(one.spool.files()) == 1


@pytest.mark.parametrize(("refused", "merged"), [(3, True), (9, False)])
def test_what_redis_refuses_keeps_no_other_from_it_unless_it_refuses_all(
    one: Process,
    store: Store,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    refused: int,
    merged: bool,
) -> None:
    too_large = [degraded(Session("tests", f"{session.id}-{number}")) for number in range(refused)]

    def refuses(store: Store, turn: DegradedTurn) -> tuple[Recovered, bool]:
        if turn.session != session:
            tried.append(turn.reply_id)
            raise StoreUnavailable("too large", refused=True)
        return recover(store, turn)

    tried: list[str] = []
    monkeypatch.setattr(merge, "recover", refuses)
    one.keep(*too_large, degraded(session))
    if merged:
        assert one.merge() == refused
        assert texts(store, session) == ["lost?", "no"]
    else:
        with pytest.raises(StoreUnavailable):
            one.merge()
        assert len(tried) == refused
    assert len(one.spool.files()) == 1


def test_a_turn_whose_key_is_missing_stays_until_it_is_back(
    tmp_path: Path, store: Store, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys_of = {"k1": bytes(32)}
    process = Process(tmp_path, store)
    monkeypatch.setattr(store, "cipher", lambda found: Sealing(keys_of).cipher(str(found)))
    process.keep(degraded(session))
    keys_of = {"k2": bytes(32)}
    process.merge()
    assert len(process.spool.files()) == 1
    process.spool.close()
    keys_of = {"k1": bytes(32)}
    restarted = Process(tmp_path, store)
    assert restarted.merge() == 0
    assert restarted.spool.files() == []
    assert texts(store, session) == ["lost?", "no"]


def test_what_is_home_is_let_be_while_its_file_waits_for_another(
    one: Process, other: Process, store: Store, session: Session
) -> None:
    submissions.submit(store, session, Submission(parts=(Text("first"),)))
    claim(store, session, "holder")
    heard = degraded(Session("tests", session.id + "-heard"))
    submissions.submit(store, heard.session, Submission(parts=heard.request), heard.reply_id)
    commit(store, claim(store, heard.session, "worker"))
    free = degraded(Session("tests", session.id + "-free"))
    one.keep(degraded(session, "second"), heard, free)
    before = counted("answered")
    assert [process.merge() for process in (one, one, other, other)] == [1, 1, 1, 1]
    assert one.became == ["answered", "merged"], "each process is told of each turn once"
    assert other.became == ["again", "again"], "and knows that another one wrote it"
    assert counted("answered") == before + 1


def test_what_waits_is_read_once(
    one: Process, other: Process, store: Store, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    submissions.submit(store, session, Submission(parts=(Text("first"),)))
    holder = claim(store, session, "holder")
    read: list[bytes] = []

    def noted(line: bytes, ciphers: Callable[[Session], Cipher]) -> DegradedTurn:
        read.append(line)
        return decode(line, ciphers)

    monkeypatch.setattr(merge, "decode", noted)
    sealed = encode(degraded(session), Sealing({"k1": bytes(32)}).cipher(str(session)))
    assert other.spool.append(sealed) == "written"
    one.keep(degraded(session, "second"), degraded(session, "third"))
    assert [one.merge() for _ in range(3)] == [2, 2, 2]
    assert len(read) == 3
    one.keep(degraded(session, "fourth"))
    assert [one.merge() for _ in range(3)] == [3, 3, 3]
    assert len(read) == 3 + 3, "a file that has grown is read again, and no other"
    commit(store, holder)
    assert one.merge() == 0
    assert texts(store, session)[::2] == ["first", "second", "third", "fourth"]
    assert one.merge() == 0
    assert len(read) == 3 + 3


def test_what_keeps_a_file_is_logged_once(
    one: Process, store: Store, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    meta, *_ = keys.of_session(session, store.settings.shards)
    broken = degraded(session)
    store.client.set(meta.removesuffix("meta") + f"reply:{broken.reply_id}", "no record", ex=60)
    sealed = encode(degraded(session), Sealing({"k1": bytes(32)}).cipher(str(session)))
    assert one.spool.append(sealed) == "written"
    one.keep(broken)
    for _ in range(3):
        assert one.merge() == 1
    assert caplog.text.count("not merged:") == 1
    assert caplog.text.count("result=sealed") == 1


def test_a_merge_that_fails_as_nobody_expected_is_not_the_last_one(
    one: Process,
    store: Store,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known, said = one.spool.files, "in confidence"

    def fails_once() -> list[Path]:
        monkeypatch.setattr(one.spool, "files", known)
        raise RuntimeError(said)

    monkeypatch.setattr(one.spool, "files", fails_once)
    one.keep(degraded(session))
    one.merger.start()
    try:
        until("what waits is brought home", lambda: not known())
    finally:
        one.merger.stop()
    assert texts(store, session) == ["lost?", "no"]
    assert "unexpected RuntimeError" in caplog.text
    assert said not in caplog.text
