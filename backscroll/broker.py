"""How Celery reaches each kind of broker: a Redis, one behind Sentinels, or RabbitMQ with quorum queues.

An operator sets one URL; what Celery wants beside it, each broker in its own words, is put together here.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from backscroll.settings.nodes import Nodes, are_named, parsed
from backscroll.settings.written import written

_AMQP = ("amqp://", "amqps://", "pyamqp://", "pyamqps://")
# Replicated to most nodes before a bell is confirmed.
_QUORUM = {"x-queue-type": "quorum"}
_VERIFIED = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}

# Who rings gives up soon; a consumer has patience, but no connection may be half open for ever.
RINGS: dict[str, float] = {"socket_timeout": 1, "socket_connect_timeout": 0.5}
_LISTENS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 5,
    # kombu would note each bell taken in Redis, in two transactions a turn, to give it back much later:
    # the sweep finds sooner what a worker took with it.
    "ack_emulation": False,
    # No bell goes before another: one list a queue is enough.
    "priority_steps": [0],
}


def is_amqp(broker_url: str) -> bool:
    """Tell whether the broker is a RabbitMQ."""
    return broker_url.lower().startswith(_AMQP)


def redis_url(broker_url: str) -> str | None:
    """Give a checked URL as the history store spells one; None where it is no Redis, or several of them."""
    if are_named(broker_url):
        return broker_url
    scheme = broker_url.partition("://")[0].lower()
    if ";" in broker_url or scheme not in ("redis", "rediss", "redis+socket"):
        return None
    parts = urlsplit(broker_url)
    if scheme != "redis+socket":
        return broker_url
    database = dict(parse_qsl(parts.query)).get("virtual_host", "0")
    return written("unix", parts.netloc, parts.path, {"db": database})


def database_beside(broker_url: str, history_url: str) -> int | None:
    """Give the number of the broker's database where it is one of the history's server, for the same user.

    Args:
        broker_url: checked.
        history_url: the history store's, checked.

    Returns:
        None where either is elsewhere: who accepts a message cannot ring there in the same step.
    """
    url = redis_url(broker_url)
    if url is None or are_named(url) or are_named(history_url):
        return None
    broker, history = (parse_url(each) for each in (url, history_url))  # type: ignore[no-untyped-call]
    database: int = broker.pop("db", 0)
    history.pop("db", 0)
    return database if broker == history else None


def queue_arguments(broker_url: str) -> dict[str, str]:
    """Give what the broker's queues are declared with."""
    return _QUORUM if is_amqp(broker_url) else {}


def celery_settings(broker_url: str, *, publishes_only: bool) -> dict[str, Any]:
    """Give Celery's settings about a broker.

    Args:
        broker_url: checked.
        publishes_only: a process that rings, and must not hang on a broker that does.
    """
    once = {"max_retries": 0} if publishes_only else {}
    if is_amqp(broker_url):
        # A ring is done when the queue has it, and a broker that has gone is noticed by its silence.
        patience = {"read_timeout": 2, "write_timeout": 2} if publishes_only else {}
        return {
            **_urls(broker_url),
            "broker_transport_options": {"confirm_publish": True, **patience, **once},
            "broker_heartbeat": None if publishes_only else 10,
            # By itself Celery verifies the certificate, and takes it from any host. None: the URL's own.
            "broker_use_ssl": _VERIFIED if broker_url.lower().startswith(("amqps", "pyamqps")) else None,
        }
    options: dict[str, Any] = {**(RINGS if publishes_only else _LISTENS), **once}
    if not are_named(broker_url):
        return {**_urls(broker_url), "broker_transport_options": options}
    return _behind_sentinels(parsed(broker_url), options)


def _urls(url: str) -> dict[str, str]:
    # Not `broker_url`: Celery's command line takes BROKER_URL for an option of its own, as it is written, and
    # that would go before what was checked here.
    return {"broker_read_url": url, "broker_write_url": url}


def _behind_sentinels(nodes: Nodes, options: dict[str, Any]) -> dict[str, Any]:
    login = ""
    if nodes.username or nodes.password:
        login = f"{quote(nodes.username or '', safe='')}:{quote(nodes.password or '', safe='')}@"
    tls = {name: value for name, value in nodes.options.items() if name.startswith("ssl_")}
    if tls:
        tls["ssl_check_hostname"] = tls["ssl_check_hostname"] == "true"  # type: ignore[assignment]
    timeouts = {name: value for name, value in options.items() if name.startswith("socket_")}
    hosts = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in nodes.addresses]
    return {
        **_urls(";".join(f"sentinel://{login}{host}/{nodes.database}" for host in hosts)),
        "broker_use_ssl": tls or None,
        "broker_transport_options": {
            **options,
            "master_name": nodes.service,
            "sentinel_kwargs": {
                **timeouts,
                **({"ssl": True, **tls} if tls else {}),
                "username": nodes.options.get("sentinel_username"),
                "password": nodes.options.get("sentinel_password"),
                "retry": Retry(NoBackoff(), 0),
            },
        },
    }
