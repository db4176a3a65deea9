"""URLs of Redis: one that cannot be used stops the start, TLS verifies, and the broker's follows."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
import redis as redis_py
import trustme
from kombu import Connection

from backscroll.broker import redis_url
from backscroll.errors import InvalidSetting
from backscroll.settings import load
from backscroll.settings.redis_url import broker_of, shown

VERIFIED = "ssl_cert_reqs=required&ssl_check_hostname=true"


def history(url: str) -> str:
    return load({"REDIS_URL": url}).store.redis_url


def broker(url: str) -> str:
    return load({"BROKER_URL": url}).worker.broker_url


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem`, `client.pem` and its `client.key`, in a path that a URL has to quote."""
    folder = tmp_path_factory.mktemp("a b&c")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    client = ca.issue_cert("client")
    client.cert_chain_pems[0].write_to_path(folder / "client.pem")
    client.private_key_pem.write_to_path(folder / "client.key")
    return folder


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "redis://:p%40ss@host/1",
        "redis://user:p%2Fss@[::1]:6380/1",
        "unix:///run/redis.sock",
        "unix://user:pw@/run/redis.sock?db=3",
    ],
)
def test_a_url_without_tls_stays_as_it_is(url: str) -> None:
    assert history(url) == url


def test_with_tls_both_libraries_verify_certificate_and_host_name() -> None:
    settings = load({"REDIS_URL": "rediss://web:pw@cache:6380/2"})
    assert settings.store.redis_url == f"rediss://web:pw@cache:6380/2?{VERIFIED}"
    assert settings.worker.broker_url == settings.store.redis_url
    store = redis_py.Redis.from_url(settings.store.redis_url).connection_pool.make_connection()
    assert (store.cert_reqs, store.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert Connection(settings.worker.broker_url).ssl == {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
    }


def test_a_broker_with_tls_is_verified_also_where_it_is_one_of_several() -> None:
    assert (
        broker("rediss://a/1;redis://b/1;amqps://c//") == f"rediss://a/1?{VERIFIED};redis://b/1;amqps://c//"
    )


def test_certificates_are_found_by_both_libraries(files: Path) -> None:
    at = quote(str(files))
    options = f"ssl_ca_certs={at}/ca.pem&ssl_certfile={at}/client.pem&ssl_keyfile={at}/client.key"
    settings = load({"REDIS_URL": f"rediss://cache/0?{options}"})
    store = redis_py.Redis.from_url(settings.store.redis_url).connection_pool.make_connection()
    assert (store.ca_certs, store.certfile) == (f"{files}/ca.pem", f"{files}/client.pem")
    told = Connection(settings.worker.broker_url).ssl
    assert (told["ssl_ca_certs"], told["ssl_keyfile"]) == (f"{files}/ca.pem", f"{files}/client.key")


@pytest.mark.parametrize("requirement", ["none", "CERT_NONE", "None"])
def test_who_wants_no_verification_says_so_and_is_warned(
    requirement: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load({"REDIS_URL": f"rediss://:secret@cache/0?ssl_cert_reqs={requirement}"})
    assert "ssl_cert_reqs=none&" in settings.store.redis_url
    assert Connection(settings.worker.broker_url).ssl["ssl_cert_reqs"] == ssl.CERT_NONE
    assert "REDIS_URL has ssl_cert_reqs=none" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("value", ["false", "no", "0", "False"])
def test_who_takes_any_host_says_so_and_is_warned(value: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = load({"REDIS_URL": f"rediss://cache/0?ssl_check_hostname={value}"})
    assert settings.store.redis_url.endswith("?ssl_cert_reqs=required&ssl_check_hostname=false")
    assert Connection(settings.worker.broker_url).ssl["ssl_check_hostname"] is False
    assert "REDIS_URL has ssl_check_hostname=false" in caplog.text


def test_who_verifies_is_not_warned(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        history("rediss://cache/0?ssl_cert_reqs=CERT_REQUIRED&ssl_check_hostname=yes")
    assert caplog.text == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://:secret@host/0",
        "amqp://:secret@host//",
        ":secret@host",
        "redis://:sec/ret@host:6379/0",
        "redis://:secret#x@host:6379/0",
        "redis://:secret@host:port/0",
        "redis://:secret@host:99999/0",
        "redis://:secret@[::1/0",
        "redis://:secret@host/history",
        "redis://:secret@host/0?db=x",
        "redis://:secret@host/-1",
        "redis://:secret@host/0?timeout=5",
        "redis://:secret@host/0?ssl_cert_reqs=none",
        "unix://:secret@",
        "rediss://:secret@host/0?ssl_cert_reqs=maybe",
        "rediss://:secret@host/0?ssl_check_hostname=perhaps",
        "rediss://:secret@host/0?ssl_ca_certs=/nowhere/ca.pem",
        f"rediss://:secret@host/0?ssl_ca_certs={__file__}",
        "rediss://:secret@host/0?ssl_certfile=/nowhere/client.pem",
        "rediss://:secret@host/0?ssl_keyfile=/nowhere/client.key",
        "rediss://:secret@host/0?ssl_version=secret",
    ],
)
@pytest.mark.parametrize("name", ["REDIS_URL", "BROKER_URL"])
def test_a_url_that_cannot_be_used_stops_the_start_and_keeps_its_password(name: str, url: str) -> None:
    if name == "BROKER_URL" and url.partition(":")[0] not in ("redis", "rediss"):
        url = "redis+socket:///run/redis.sock?db=:secret"
    with pytest.raises(InvalidSetting) as caught:
        load({name: url})
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}: ")
    assert "secret" not in str(caught.value)
    assert "sec" not in str(caught.value).replace("socket", "")


def test_a_key_that_is_locked_is_refused_and_nobody_is_asked_for_its_password(
    files: Path, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key((files / "client.key").read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open"),
        )
    )
    quoted = quote(str(files))
    url = f"rediss://cache/0?ssl_certfile={quoted}/client.pem&ssl_keyfile={locked}"
    with pytest.raises(InvalidSetting, match="ssl_keyfile cannot be used: it is encrypted"):
        history(url)
    assert history(f"{url}&ssl_password=open")


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/0"),
        ("redis://host/0?db=3", "redis://host/3"),
        ("redis://user:p%40ss@host/1", "redis://user:p%40ss@host/1"),
        (f"rediss://user:pw@host/1?{VERIFIED}", f"rediss://user:pw@host/1?{VERIFIED}"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
        ("unix://user:p%2Fw@/run/a%20b.sock", "redis+socket://user:p%2Fw@/run/a%20b.sock?virtual_host=0"),
    ],
)
def test_the_broker_of_a_redis_url_is_spelled_as_celery_wants_it(redis_url: str, expected: str) -> None:
    assert broker_of(redis_url) == expected
    assert broker(expected) == expected


@pytest.mark.parametrize("url", ["unix://user:p%2Fw@/run/a%20b.sock?db=2", "redis://user:p%2Fw@host:1/2"])
def test_celery_reaches_the_same_database_with_the_same_user(url: str) -> None:
    """Looked at in the parameters that both give their connections."""
    store = redis_py.Redis.from_url(url).connection_pool.connection_kwargs
    with Connection(broker_of(url)) as connection:
        channel = connection.transport.Channel.__new__(connection.transport.Channel)
        channel.connection = type("Of", (), {"client": connection, "default_port": 6379})()
        celery = channel._connparams()
    for name in ("username", "password", "db", "path", "host"):
        assert celery.get(name) == store.get(name), name


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:p%2Fw@host:1/2",
        f"rediss://user:pw@host/1?{VERIFIED}",
        "unix://user:p%2Fw@/run/a%20b.sock?db=2",
    ],
)
def test_who_rings_reaches_the_same_database_with_the_same_user(url: str) -> None:
    found = redis_url(broker(broker_of(history(url))))
    assert found is not None
    theirs = redis_py.Redis.from_url(url).connection_pool.connection_kwargs
    ours = redis_py.Redis.from_url(found).connection_pool.connection_kwargs
    for name in ("username", "password", "db", "path", "host", "port"):
        assert ours.get(name) == theirs.get(name), name


def test_who_rings_asks_the_sentinels_of_the_broker() -> None:
    url = broker("redis+sentinel://a:26379,b:26379/main/1")
    assert redis_url(url) == url


@pytest.mark.parametrize("url", ["amqp://host//", "redis://a/0;redis://b/0", "memory://"])
def test_what_is_no_redis_or_not_one_alone_is_left_to_celery(url: str) -> None:
    assert redis_url(broker(url)) is None


def test_what_people_are_shown_of_a_url_holds_no_secret() -> None:
    assert shown("rediss://user:pw@cache:6380/2?ssl_password=x") == "rediss://cache:6380/2"
    assert shown("unix://user:pw@/run/redis.sock?db=1") == "unix:///run/redis.sock"
