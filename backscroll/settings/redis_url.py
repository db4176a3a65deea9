"""URLs of Redis, as redis-py and Celery both read them: checked, and with TLS that verifies.

The two libraries differ where it hurts: Celery takes `rediss://` without options for "verify nothing", each
spells the requirements its own way, and either finds out about a wrong option at its first call only. So a
URL is checked when the settings are read, and every option that matters is written into it.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import SplitResult, parse_qsl, urlsplit

from backscroll.errors import InvalidSetting
from backscroll.settings import nodes, tls
from backscroll.settings.names import variable
from backscroll.settings.written import written

_STORE = ("redis", "rediss", "unix")
_TLS = "rediss"
_SOCKET = "redis+socket"


def store_url(name: str, url: str) -> str:
    """Check the URL of a history store, and write out what it leaves to defaults.

    Args:
        name: the variable that it comes from.
        url: redis://, rediss:// or unix://, or that of several nodes (`nodes.py`).

    Returns:
        The URL; with TLS, certificate and host name are verified unless it says otherwise.

    Raises:
        InvalidSetting: when it cannot be used. No message holds a password.
    """
    if nodes.are_named(url):
        return nodes.checked(name, url)
    parts = _split(name, url)
    if parts.scheme not in _STORE:
        known = ", ".join(f"{scheme}://" for scheme in (*_STORE, *nodes.SCHEMES))
        raise InvalidSetting(name, f"must begin with one of {known}, not {parts.scheme!r}")
    if parts.scheme == "unix" and not parts.path:
        raise InvalidSetting(name, "names no socket: unix:///run/redis.sock")
    return _checked(name, parts, database=_database_of_store)


def broker_url(name: str, url: str) -> str:
    """Check the URL of a broker that is a Redis, as `store_url` does; another broker's is left as it is."""
    # Celery takes several, to go on with the next one where one fails.
    return ";".join(_broker_url(name, each) for each in url.split(";"))


def _broker_url(name: str, url: str) -> str:
    scheme = url.partition("://")[0].lower()
    if scheme == "sentinel":
        # Celery's own spelling has no place for the service.
        raise InvalidSetting(name, "is written as redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/DATABASE here")
    if nodes.are_named(url):
        if nodes.parsed(url).cluster:
            raise InvalidSetting(name, "cannot be a Redis Cluster, which Celery does not speak to")
        return nodes.checked(name, url)
    if scheme not in ("redis", _TLS, _SOCKET):
        return url
    return _checked(name, _split(name, url), database=_database_of_broker)


def broker_of(redis_url: str) -> str:
    """Give the broker URL, as Celery spells it, of the database that a checked `redis_url` names.

    User, password and TLS options go with it.

    Raises:
        InvalidSetting: for a Cluster, which cannot be a broker: BROKER_URL has to name one.
    """
    if nodes.are_named(redis_url):
        if nodes.parsed(redis_url).cluster:
            raise InvalidSetting(
                variable("broker_url"),
                "is needed where the history is on a Redis Cluster, which Celery does not speak to: "
                "name a Redis of its own, Sentinels, or RabbitMQ",
            )
        return redis_url
    parts = urlsplit(redis_url)
    options = dict(parse_qsl(parts.query))
    database = _database_of_store(parts, options)
    options.pop("db", None)
    if parts.scheme == "unix":
        return written(_SOCKET, parts.netloc, parts.path, {"virtual_host": database})
    return written(parts.scheme, parts.netloc, f"/{database}", options)


def shown(url: str) -> str:
    """Give what of a URL people may see: no user, no password, no options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _split(name: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Its message may quote what stands before the @.
        raise InvalidSetting(
            name, "is no URL; a character such as / : @ # in a password is written as %2F %3A %40 %23"
        ) from None
    if parts.fragment:
        raise InvalidSetting(name, "holds a #, which ends a URL; in a password it is written as %23")
    return parts


def _checked(name: str, parts: SplitResult, *, database: Callable[[SplitResult, dict[str, str]], str]) -> str:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not _number(database(parts, options)):
        raise InvalidSetting(name, "names no database: it is a number, as in redis://host:6379/0")
    given = {option: options.pop(option) for option in tls.OPTIONS if option in options}
    if options.keys() - {"db", "virtual_host"}:
        unknown = ", ".join(sorted(options.keys() - {"db", "virtual_host"}))
        raise InvalidSetting(name, f"has unknown options ({unknown}); known are {', '.join(tls.OPTIONS)}")
    if parts.scheme == _TLS:
        options |= tls.checked(name, given)
    elif given:
        raise InvalidSetting(name, f"has {', '.join(sorted(given))}, but TLS is spoken over rediss:// only")
    return written(parts.scheme, parts.netloc, parts.path, options)


def _database_of_store(parts: SplitResult, options: dict[str, str]) -> str:
    return options.get("db", "0" if parts.scheme == "unix" else parts.path.strip("/") or "0")


def _database_of_broker(parts: SplitResult, options: dict[str, str]) -> str:
    # Celery takes one spelling only, and ends at the other.
    if parts.scheme == _SOCKET:
        return "" if "db" in options else options.get("virtual_host", "0")
    return "" if options.keys() & {"db", "virtual_host"} else parts.path.strip("/") or "0"


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit()
