"""What the history store's server says of itself: its kind, what it keeps on disk, its memory, its clock."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import redis as redis_py
from redis.exceptions import ResponseError

from backscroll.store.redis import Store


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A server as it stands, by its address where there are several.

    Sizes are in bytes, `maxmemory` 0: no limit; times in milliseconds.

    `fsync` is None where the server does not tell its configuration, as hosted ones may not. `ahead` is how
    far its clock is before this machine's, right within half of `latency`.
    """

    address: str = ""
    product: str
    version: tuple[int, ...]
    role: str
    replicas: int = 0
    loading: bool
    append_only: bool
    fsync: str | None
    snapshots: bool
    eviction: str
    used_memory: int
    maxmemory: int
    latency: float
    ahead: float


def describe(store: Store) -> list[Server]:
    """Ask each server that takes writes about itself.

    Raises:
        StoreUnavailable: when it cannot be reached or cannot serve.
    """
    clients = store.call(store.servers.primaries, reads=True)
    return [_described(store, client, named=len(clients) > 1) for client in clients]


def _described(store: Store, client: redis_py.Redis, *, named: bool) -> Server:
    began, (seconds, micros), ended = store.call(
        lambda: (time.time(), client.time(), time.time()), reads=True
    )
    found: dict[str, Any] = store.call(lambda: client.info("everything"), reads=True)
    fsync, save = (_configured(store, client, name) for name in ("appendfsync", "save"))
    valkey = found.get("valkey_version")
    return Server(
        address="{host}:{port}".format_map(client.get_connection_kwargs()) if named else "",
        product="Valkey" if valkey else "Redis",
        version=tuple(int(number) for number in str(valkey or found["redis_version"]).split(".")[:3]),
        role=str(found.get("role", "master")),
        replicas=int(found.get("connected_slaves", 0)),
        loading=bool(found.get("loading")),
        append_only=bool(found.get("aof_enabled")),
        fsync=fsync,
        snapshots=bool(save),
        eviction=str(found.get("maxmemory_policy", "noeviction")),
        used_memory=int(found.get("used_memory", 0)),
        maxmemory=int(found.get("maxmemory", 0)),
        latency=(ended - began) * 1000,
        ahead=(seconds + micros / 1e6 - (began + ended) / 2) * 1000,
    )


def _configured(store: Store, client: redis_py.Redis, name: str) -> str | None:
    def ask() -> Any:
        try:
            return client.config_get(name)
        except ResponseError:
            return {}  # hosted servers rename it, and an ACL may forbid it

    value = store.call(ask, reads=True).get(name)
    return None if value is None else str(value)
