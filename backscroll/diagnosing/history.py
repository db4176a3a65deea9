"""The history store: can it serve, does it keep what it was given, and does it have the room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backscroll.diagnosing.finding import Finding, Level
from backscroll.errors import StoreUnavailable
from backscroll.settings import StoreSettings, variable
from backscroll.settings.nodes import are_named
from backscroll.store.redis import Store
from backscroll.store.server import Server, describe

# The scripts use commands of Redis 7.0; Valkey began with 7.2.
_OLDEST = (7, 0)
# Every reply costs three calls: above so many ms each, the network is what one waits for.
_SLOW = 20
# Leases are counted by the server's clock, times in replies too: only logs suffer from a skew.
_SKEW = 2_000
_FULL, _NEARLY_FULL = 0.95, 0.8


def look(settings: StoreSettings) -> list[Finding]:
    """Look at the history store that the settings name."""
    store = Store(settings)
    try:
        servers = describe(store)
        return [
            *_replicas(settings, servers),
            *(_at(server, finding) for server in servers for finding in judge(server)),
        ]
    except StoreUnavailable as error:
        advice = f"start it, or see {variable('redis_url')}; until then messages cannot be kept"
        return [Finding("history store", "error", error.message, advice)]
    finally:
        store.close()


def judge(server: Server) -> Iterator[Finding]:
    """Say what is right and wrong with a server."""
    yield _version(server)
    yield _serving(server)
    yield _disk(server)
    yield _eviction(server)
    yield _memory(server)
    yield _latency(server)
    yield _clock(server)


def _replicas(settings: StoreSettings, servers: Sequence[Server]) -> Iterator[Finding]:
    if not are_named(settings.redis_url):
        return
    alone = ", ".join(server.address or "the primary" for server in servers if not server.replicas)
    if alone:
        advice = "give each primary a replica: without one, nobody takes its place when it dies"
        yield Finding("history replicas", "warning", f"none of {alone}", advice)
    else:
        said = ", ".join(str(server.replicas) for server in servers)
        yield Finding("history replicas", "ok", f"{said} of {len(servers)} primaries")


def _at(server: Server, finding: Finding) -> Finding:
    """Say of which server it is, where there are several."""
    said = f"{server.address}: {finding.said}" if server.address else finding.said
    return Finding(finding.check, finding.level, said, finding.advice)


def _version(server: Server) -> Finding:
    said = f"{server.product} {'.'.join(map(str, server.version))}"
    if server.version < _OLDEST:
        return Finding("history version", "error", said, "Redis 7.0 or Valkey 7.2 is the oldest that serves")
    return Finding("history version", "ok", said)


def _serving(server: Server) -> Finding:
    if server.loading:
        return Finding("history role", "error", "it loads its data", "wait: it serves when that is done")
    if server.role != "master":
        advice = f"{variable('redis_url')} must name the primary: nothing can be written to a replica"
        return Finding("history role", "error", server.role, advice)
    return Finding("history role", "ok", "primary")


def _disk(server: Server) -> Finding:
    name = "history on disk"
    if not server.append_only:
        level: Level = "warning" if server.snapshots else "error"
        said = "snapshots alone" if server.snapshots else "nothing is kept"
        lost = "what came since the last one" if server.snapshots else "every conversation"
        return Finding(name, level, said, f"a restart loses {lost}: set appendonly yes")
    if server.fsync is None:
        return Finding(name, "ok", "append-only file; it does not tell how often it is synced")
    said = f"append-only file, synced {server.fsync}"
    if server.fsync == "no":
        advice = "a power cut loses up to half a minute: appendfsync always, or everysec"
        return Finding(name, "warning", said, advice)
    if server.fsync == "everysec":
        advice = (
            "a power cut loses up to a second of what clients were told: appendfsync always, to lose nothing"
        )
        return Finding(name, "ok", said, advice)
    return Finding(name, "ok", said)


def _eviction(server: Server) -> Finding:
    if server.eviction != "noeviction":
        advice = "full, it would drop parts of conversations: set maxmemory-policy noeviction"
        return Finding("history eviction", "error", server.eviction, advice)
    return Finding("history eviction", "ok", server.eviction)


def _memory(server: Server) -> Finding:
    used = f"{server.used_memory / 1e6:,.0f} MB"
    if not server.maxmemory:
        advice = (
            "set maxmemory below the machine's: full, Redis then refuses a write; without, the kernel ends it"
        )
        return Finding("history memory", "warning", f"{used}, no limit", advice)
    share = server.used_memory / server.maxmemory
    said = f"{used} of {server.maxmemory / 1e6:,.0f} MB"
    if share > _NEARLY_FULL:
        level: Level = "error" if share > _FULL else "warning"
        advice = f"raise maxmemory, or shorten {variable('session_ttl')}: full, it takes no message"
        return Finding("history memory", level, said, advice)
    return Finding("history memory", "ok", said)


def _latency(server: Server) -> Finding:
    said = f"{server.latency:.1f} ms a call"
    if server.latency > _SLOW:
        return Finding("history latency", "warning", said, "a turn makes three calls: bring it nearer")
    return Finding("history latency", "ok", said)


def _clock(server: Server) -> Finding:
    skew = f"{abs(server.ahead) / 1000:.1f} s {'ahead of' if server.ahead > 0 else 'behind'} this machine's"
    if abs(server.ahead) > _SKEW:
        advice = "set both by NTP: times in replies are Redis', those in logs the machines' own"
        return Finding("clocks", "warning", f"Redis' is {skew}", advice)
    return Finding("clocks", "ok", "together")
