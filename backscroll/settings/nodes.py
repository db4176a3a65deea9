"""URLs that name several nodes: Sentinels, which know the primary, or some of a Redis Cluster.

    redis+sentinel://[user:password@]host[:26379][,host[:port]…]/SERVICE[/DATABASE]
    redis+cluster://[user:password@]host[:6379][,host[:port]…][/0]

With `rediss+…` all talk is TLS, with the options of `rediss://`. User and password are those of Redis;
Sentinels that want some of their own have them in `sentinel_username` and `sentinel_password`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from backscroll.errors import InvalidSetting
from backscroll.settings import tls
from backscroll.settings.written import written

SENTINEL, CLUSTER = ("redis+sentinel", "rediss+sentinel"), ("redis+cluster", "rediss+cluster")
SCHEMES = (*SENTINEL, *CLUSTER)
_PORTS = {**dict.fromkeys(SENTINEL, 26379), **dict.fromkeys(CLUSTER, 6379)}
_OF_SENTINELS = ("sentinel_username", "sentinel_password")


class Nodes(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask where the primaries are.

    `service` and `database` are those behind Sentinels; a Cluster has neither. `options` are the URL's.
    """

    scheme: str
    addresses: tuple[tuple[str, int], ...]
    username: str | None
    password: str | None
    service: str
    database: str
    options: dict[str, str]

    @property
    def cluster(self) -> bool:
        """Tell whether they are a Cluster's, and not Sentinels."""
        return self.scheme in CLUSTER

    @property
    def tls(self) -> bool:
        """Tell whether they are talked to over TLS."""
        return self.scheme.startswith("rediss")


def are_named(url: str) -> bool:
    """Tell whether `url` is one of these."""
    return url.partition("://")[0].lower() in SCHEMES


def parsed(url: str) -> Nodes:
    """Take a URL apart.

    Raises:
        ValueError: when it is none; what it says may quote a password.
    """
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    addresses = tuple(_address(host, _PORTS[parts.scheme]) for host in hosts.split(","))
    # A Cluster has no service, and its path is at most a database.
    path = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    service = path.pop(0) if path and parts.scheme in SENTINEL else ""
    if parts.fragment or len(path) > 1:
        raise ValueError(url)
    return Nodes(
        scheme=parts.scheme,
        addresses=addresses,
        username=unquote(username) or None,
        password=unquote(password) or None,
        service=unquote(service),
        database=path[0] if path else "0",
        options=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def checked(name: str, url: str) -> str:
    """Check a URL, and write out what it leaves to defaults.

    Raises:
        InvalidSetting: when it cannot be used. No message holds a password.
    """
    try:
        found = parsed(url)
    except ValueError:
        form = "SCHEME://HOST:PORT,HOST:PORT/…; a character such as / : @ # in a password is written as %2F"
        raise InvalidSetting(name, f"is not of the form {form} %3A %40 %23") from None
    if not found.cluster and not found.service:
        raise InvalidSetting(name, "names no service: redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/DATABASE")
    if not (found.database.isascii() and found.database.isdigit()):
        raise InvalidSetting(name, "names no database: it is a number behind the last /")
    if found.cluster and int(found.database):
        raise InvalidSetting(name, "must name database 0: a Cluster has no other")
    given = {option: value for option, value in found.options.items() if option in tls.OPTIONS}
    own = {option: value for option, value in found.options.items() if option in _OF_SENTINELS}
    known = (*tls.OPTIONS, *(() if found.cluster else _OF_SENTINELS))
    if unknown := sorted(found.options.keys() - set(known)):
        raise InvalidSetting(
            name, f"has unknown options ({', '.join(unknown)}); known are {', '.join(known)}"
        )
    if given and not found.tls:
        said = f"has {', '.join(sorted(given))}, but TLS is spoken over rediss+… only"
        raise InvalidSetting(name, said)
    parts = urlsplit(url)
    path = "" if found.cluster else f"/{parts.path.strip('/').split('/')[0]}/{found.database}"
    options = (tls.checked(name, given) if found.tls else {}) | own
    return written(parts.scheme, parts.netloc, path, options)


def _address(text: str, default: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.path or parts.port == 0:
        raise ValueError(text)
    return parts.hostname, parts.port or default
