"""The Lua scripts as text: their headers, how they are put together, and which commands they need."""

from __future__ import annotations

import re
from hashlib import sha1
from importlib.resources import files

import pytest

from backscroll.store.scripts import Script, script

LUA = files("backscroll.store").joinpath("lua")
FILES = {
    f"{room}{path.name.removesuffix('.lua')}": path.read_text(encoding="utf-8")
    for room, folder in (("", LUA), ("parts/", LUA.joinpath("parts")))
    for path in sorted(folder.iterdir(), key=lambda path: path.name)
    if path.is_file()
}
OWN = {name: text for name, text in FILES.items() if "/" not in name}
PARTS = {name.removeprefix("parts/"): text for name, text in FILES.items() if "/" in name}

# Of Redis 7.0, which every newer Redis and Valkey has too, what a script may want of these types.
REDIS_7_0 = """
COPY DEL DUMP EXISTS EXPIRE EXPIREAT EXPIRETIME PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PTTL RENAME RENAMENX
TOUCH TTL TYPE UNLINK
APPEND DECR DECRBY GET GETDEL GETEX GETRANGE INCR INCRBY INCRBYFLOAT MGET MSET MSETNX PSETEX SET SETEX SETNX
SETRANGE STRLEN
HDEL HEXISTS HGET HGETALL HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HRANDFIELD HSCAN HSET HSETNX HSTRLEN HVALS
LINDEX LINSERT LLEN LMOVE LMPOP LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM RPOP RPUSH RPUSHX
SADD SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SMOVE SPOP SRANDMEMBER SREM SSCAN SUNION
ZADD ZCARD ZCOUNT ZDIFF ZINCRBY ZINTER ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANGE ZRANGEBYSCORE ZRANGESTORE ZRANK
ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANK ZSCAN ZSCORE ZUNION
XACK XADD XDEL XLEN XRANGE XREVRANGE XTRIM
PUBLISH SPUBLISH SELECT TIME
"""


def header(text: str) -> list[str]:
    """Give the comment that a script begins with."""
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return lines[:end]


def code(text: str) -> str:
    return re.sub(r"--.*", "", text)


def used_by(text: str) -> list[str]:
    found = re.search(r"uses: (.*)$", "\n".join(header(text)), re.MULTILINE)
    return found.group(1).split(", ") if found else []


@pytest.mark.parametrize("name", OWN)
def test_a_script_says_what_it_takes_what_it_gives_and_what_a_replay_does(name: str) -> None:
    said, body = header(OWN[name]), code(OWN[name])
    fields = [line.split()[1] for line in said if re.match(r"-- [A-Z]\w+  ", line)]
    assert fields[-2:] == ["Result", "Replay"]
    assert ("ARGS" in fields) == bool(re.search(r"\bARGS\b", body))
    assert ("KEYS" in fields) == bool(re.search(r"\bKEYS\b", body))
    assert ("ARGV" in fields) == bool(re.search(r"\bARGV\b", body))


@pytest.mark.parametrize("name", OWN)
def test_a_script_takes_as_many_arguments_as_its_header_numbers(name: str) -> None:
    said = " ".join(line.removeprefix("--") for line in header(OWN[name]))
    listed = re.search(r"ARG[SV] (.*?) Result ", said)
    numbered = re.findall(r"(?:^|  )(\d+)…? ", listed.group(1)) if listed else []
    body = code(OWN[name])
    taken = [int(number) for number in re.findall(r"(?:ARG[SV]\[|unpack\(ARGS, )(\d+)", body)]
    taken += [names.count(",") + 1 for names in re.findall(r"local ([\w, ]+) = unpack\(ARGS\)", body)]
    assert [int(number) for number in numbered] == list(range(1, max(taken, default=0) + 1))


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_says_in_a_sentence_what_it_is_for(name: str) -> None:
    assert re.match(r"-- [A-Z].*[.:]", FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_what_a_script_uses_is_there(name: str) -> None:
    assert set(used_by(FILES[name])) <= set(PARTS)


@pytest.mark.parametrize("name", FILES)
def test_a_script_names_every_part_whose_functions_it_calls(name: str) -> None:
    uses = set(used_by(FILES[name]))
    for part, text in PARTS.items():
        defined = re.findall(r"^local function (\w+)", text, re.MULTILINE)
        called = [each for each in defined if re.search(rf"(?<![\w.:]){each}\(", code(FILES[name]))]
        assert not called or part in uses or name == f"parts/{part}", called


@pytest.mark.parametrize("name", OWN)
def test_parts_stand_before_what_uses_them_and_each_once(name: str) -> None:
    text = script(name).text
    assert text.endswith(OWN[name])
    at = {part: text.index(PARTS[part]) for part in PARTS if PARTS[part] in text}
    assert set(used_by(OWN[name])) <= set(at)
    assert all(text.count(PARTS[part]) == 1 for part in at)
    assert all(at[used] < at[part] for part in at for used in used_by(PARTS[part]))


def test_a_script_is_known_by_the_digest_that_redis_gives_it() -> None:
    found = script("renew")
    assert found == Script("renew", found.text, sha1(found.text.encode()).hexdigest())


@pytest.mark.parametrize("name", FILES)
def test_only_commands_of_redis_7_0_are_called(name: str) -> None:
    calls = re.findall(r"redis\.p?call\(\s*([^,)]*)", code(FILES[name]))
    assert all(re.fullmatch(r"'[A-Z]+'", command) for command in calls), "a command is written out"
    assert {command.strip("'") for command in calls} <= set(REDIS_7_0.split())


@pytest.mark.parametrize("name", FILES)
def test_a_script_looks_at_the_servers_clock_and_no_other(name: str) -> None:
    assert not re.search(r"\bos\.|\bmath\.random", code(FILES[name]))
