"""URLs of Redis, as redis-py and Celery both read them: checked, and with TLS that verifies.

The two libraries differ where it hurts: Celery takes `rediss://` without options for "verify nothing", each
spells the requirements its own way, and either finds out about a wrong option at its first call only. So a
URL is checked when the settings are read, and every option that matters is written into it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from backscroll.errors import InvalidSetting

log = logging.getLogger(__name__)

_STORE = ("redis", "rediss", "unix")
_TLS = "rediss"
_SOCKET = "redis+socket"

_REQUIREMENTS = {
    "required": "required",
    "cert_required": "required",
    "optional": "required",  # a client has no less: OpenSSL takes the two for the same
    "cert_optional": "required",
    "none": "none",
    "cert_none": "none",
}
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "1", "t", "y"), "true"),
    **dict.fromkeys(("false", "no", "0", "f", "n"), "false"),
}
_PEM = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_FILES = (*_PEM, "ssl_password")
_OPTIONS = ("ssl_cert_reqs", "ssl_check_hostname", *_FILES)


def store_url(name: str, url: str) -> str:
    """Check the URL of a history store, and write out what it leaves to defaults.

    Args:
        name: the variable that it comes from.
        url: redis://, rediss:// or unix://.

    Returns:
        The URL; with TLS, certificate and host name are verified unless it says otherwise.

    Raises:
        InvalidSetting: when it cannot be used. No message holds a password.
    """
    parts = _split(name, url)
    if parts.scheme not in _STORE:
        raise InvalidSetting(name, f"must begin with redis://, rediss:// or unix://, not {parts.scheme!r}")
    if parts.scheme == "unix" and not parts.path:
        raise InvalidSetting(name, "names no socket: unix:///run/redis.sock")
    return _checked(name, parts, database=_database_of_store)


def broker_url(name: str, url: str) -> str:
    """Check the URL of a broker that is a Redis, as `store_url` does; another broker's is left as it is."""
    # Celery takes several, to go on with the next one where one fails.
    return ";".join(_broker_url(name, each) for each in url.split(";"))


def _broker_url(name: str, url: str) -> str:
    if url.partition("://")[0].lower() not in ("redis", _TLS, _SOCKET):
        return url
    return _checked(name, _split(name, url), database=_database_of_broker)


def broker_of(redis_url: str) -> str:
    """Give the broker URL, as Celery spells it, of the database that a checked `redis_url` names.

    User, password and TLS options go with it.
    """
    parts = urlsplit(redis_url)
    options = dict(parse_qsl(parts.query))
    database = _database_of_store(parts, options)
    options.pop("db", None)
    if parts.scheme == "unix":
        return _written(_SOCKET, parts.netloc, parts.path, {"virtual_host": database})
    return _written(parts.scheme, parts.netloc, f"/{database}", options)


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
    tls = {option: options.pop(option) for option in _OPTIONS if option in options}
    if options.keys() - {"db", "virtual_host"}:
        unknown = ", ".join(sorted(options.keys() - {"db", "virtual_host"}))
        raise InvalidSetting(name, f"has unknown options ({unknown}); known are {', '.join(_OPTIONS)}")
    if parts.scheme == _TLS:
        options |= _checked_tls(name, tls)
    elif tls:
        raise InvalidSetting(name, f"has {', '.join(sorted(tls))}, but TLS is spoken over rediss:// only")
    return _written(parts.scheme, parts.netloc, parts.path, options)


def _database_of_store(parts: SplitResult, options: dict[str, str]) -> str:
    return options.get("db", "0" if parts.scheme == "unix" else parts.path.strip("/") or "0")


def _database_of_broker(parts: SplitResult, options: dict[str, str]) -> str:
    # Celery takes one spelling only, and ends at the other.
    if parts.scheme == _SOCKET:
        return "" if "db" in options else options.get("virtual_host", "0")
    return "" if options.keys() & {"db", "virtual_host"} else parts.path.strip("/") or "0"


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _checked_tls(name: str, given: dict[str, str]) -> dict[str, str]:
    required = _REQUIREMENTS.get(given.get("ssl_cert_reqs", "required").lower())
    if required is None:
        raise InvalidSetting(name, "ssl_cert_reqs is one of required, none")
    named = _BOOLEANS.get(given.get("ssl_check_hostname", "true").lower())
    if named is None:
        raise InvalidSetting(name, "ssl_check_hostname is one of true, false")
    files = {option: given[option] for option in _FILES if option in given}
    _check_files(name, files)
    if required == "none":
        log.warning("%s has ssl_cert_reqs=none: nobody's certificate is verified", name)
    elif named == "false":
        log.warning("%s has ssl_check_hostname=false: any host's certificate is taken", name)
    return {"ssl_cert_reqs": required, "ssl_check_hostname": named, **files}


def _check_files(name: str, files: dict[str, str]) -> None:
    """Refuse files that are not there, or not what they should be.

    Read as text: who reads settings must not load `ssl`, which gevent patches before anybody else has it.
    """
    if "ssl_keyfile" in files and "ssl_certfile" not in files:
        raise InvalidSetting(name, "has ssl_keyfile without ssl_certfile")
    held = {option: _pem(name, option, files[option]) for option in _PEM if option in files}
    for option in held.keys() & {"ssl_ca_certs", "ssl_certfile"}:
        if "-----BEGIN CERTIFICATE-----" not in held[option]:
            raise InvalidSetting(name, f"{option} cannot be used: it holds no certificate in PEM")
    key = held.get("ssl_keyfile", held.get("ssl_certfile", ""))
    if "ssl_certfile" in held and "PRIVATE KEY-----" not in key:
        raise InvalidSetting(name, "ssl_keyfile cannot be used: it holds no key in PEM")
    if "ENCRYPTED" in key and not files.get("ssl_password"):
        # OpenSSL would ask for its password at the terminal, and wait.
        raise InvalidSetting(
            name, "ssl_keyfile cannot be used: it is encrypted, and there is no ssl_password"
        )


def _pem(name: str, option: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise InvalidSetting(name, f"{option} cannot be used: {error.strerror}") from None


def _written(scheme: str, netloc: str, path: str, options: dict[str, str]) -> str:
    # Not by `urlunsplit`, which drops the // where no host is named.
    query = urlencode(options, quote_via=quote)
    return f"{scheme}://{netloc}{path}{'?' if query else ''}{query}"
