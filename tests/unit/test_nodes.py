"""URLs that name several nodes: refused at the start, and told to each library in its own words."""

from __future__ import annotations

import ssl

import pytest
from kombu import Connection
from redis.sentinel import Sentinel

from backscroll.broker import celery_settings, queue_arguments
from backscroll.errors import InvalidSetting
from backscroll.settings import load
from backscroll.settings.nodes import parsed
from backscroll.settings.redis_url import shown
from backscroll.spool.files import name_of
from backscroll.store.connecting import One

SENTINELS = "redis+sentinel://web:p%40ss@a:26379,b,[::1]:7/history/2"
VERIFIED = "ssl_cert_reqs=required&ssl_check_hostname=true"


def refused(**environ: str) -> str:
    with pytest.raises(InvalidSetting) as caught:
        load(environ)
    assert "secret" not in str(caught.value)
    return str(caught.value)


def test_sentinels_have_a_service_a_database_and_their_usual_port() -> None:
    found = parsed(SENTINELS)
    assert found.addresses == (("a", 26379), ("b", 26379), ("::1", 7))
    assert (found.service, found.database) == ("history", "2")
    assert (found.username, found.password) == ("web", "p@ss")


def test_the_broker_is_behind_the_same_sentinels_unless_it_is_named() -> None:
    settings = load({"REDIS_URL": SENTINELS})
    assert settings.store.redis_url == settings.worker.broker_url == SENTINELS


def test_who_names_no_database_has_the_first() -> None:
    assert load({"REDIS_URL": "redis+sentinel://a/history"}).store.redis_url.endswith("/history/0")


def test_the_store_asks_all_sentinels_who_is_primary_and_logs_in_there_as_itself() -> None:
    servers = One(f"{SENTINELS}?sentinel_username=watch&sentinel_password=dog", {"socket_timeout": 1.0}, 4)
    pool = servers.client.connection_pool
    sentinel: Sentinel = pool.sentinel_manager
    asked = [each.get_connection_kwargs() for each in sentinel.sentinels]
    assert [(each["host"], each["port"]) for each in asked] == [("a", 26379), ("b", 26379), ("::1", 7)]
    assert {(each["username"], each["password"]) for each in asked} == {("watch", "dog")}
    kwargs = pool.connection_kwargs
    assert (kwargs["username"], kwargs["password"], kwargs["db"]) == ("web", "p@ss", 2)
    assert pool.service_name == "history"


def test_celery_is_told_of_all_sentinels_and_of_the_service() -> None:
    told = celery_settings(SENTINELS, publishes_only=True)
    login = "web:p%40ss@"
    assert told["broker_read_url"] == told["broker_write_url"]
    assert told["broker_write_url"] == (
        f"sentinel://{login}a:26379/2;sentinel://{login}b:26379/2;sentinel://{login}[::1]:7/2"
    )
    assert told["broker_transport_options"]["master_name"] == "history"


def test_with_tls_sentinels_and_redis_are_verified_by_both_libraries() -> None:
    url = load({"REDIS_URL": "rediss+sentinel://a/history"}).store.redis_url
    assert url == f"rediss+sentinel://a/history/0?{VERIFIED}"
    pool = One(url, {}, 4).client.connection_pool
    for each in (pool, pool.sentinel_manager.sentinels[0].connection_pool):
        connection = each.make_connection()
        assert (connection.cert_reqs, connection.check_hostname) == (ssl.CERT_REQUIRED, True)
    told = celery_settings(url, publishes_only=False)
    assert Connection(told["broker_write_url"], ssl=told["broker_use_ssl"]).ssl["ssl_check_hostname"] is True
    assert told["broker_transport_options"]["sentinel_kwargs"]["ssl"] is True


def test_a_cluster_has_no_database_and_wants_a_broker_beside_it() -> None:
    settings = load({"REDIS_URL": "redis+cluster://a:7000,b", "BROKER_URL": "amqp://rabbit//"})
    assert settings.store.redis_url == "redis+cluster://a:7000,b"
    assert parsed(settings.store.redis_url).addresses == (("a", 7000), ("b", 6379))
    assert "BROKER_URL: is needed" in refused(REDIS_URL="redis+cluster://:secret@a,b")
    assert "database 0" in refused(REDIS_URL="redis+cluster://:secret@a/1")
    assert "Cluster" in refused(BROKER_URL="redis+cluster://:secret@a")


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:secret@a,b",
        "redis+sentinel://:secret@a,,b/history",
        "redis+sentinel://:secret@a:port/history",
        "redis+sentinel://:sec/ret@a/history",
        "redis+sentinel://:secret#@a/history",
        "redis+sentinel://:secret@a/history/zero",
        "redis+sentinel://:secret@a/history/0/more",
        "redis+sentinel://:secret@a/history?retries=3",
        "redis+sentinel://:secret@a/history?ssl_cert_reqs=none",
        "redis+cluster://:secret@a?sentinel_password=secret",
        "redis+cluster://",
    ],
)
def test_what_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    assert refused(REDIS_URL=url).startswith("REDIS_URL: ")


def test_celerys_own_spelling_of_sentinels_is_refused_with_ours() -> None:
    assert "redis+sentinel://" in refused(BROKER_URL="sentinel://:secret@a;sentinel://b")


def test_rabbitmq_has_quorum_queues_and_confirms_each_bell() -> None:
    told = celery_settings("amqp://rabbit//", publishes_only=True)
    assert told["broker_transport_options"]["confirm_publish"] is True
    assert told["broker_use_ssl"] is None
    assert queue_arguments("amqp://rabbit//") == {"x-queue-type": "quorum"}
    assert queue_arguments("redis://a/0") == queue_arguments(SENTINELS) == {}


def test_rabbitmq_over_tls_is_verified_by_certificate_and_host_name() -> None:
    told = celery_settings("amqps://rabbit//", publishes_only=False)["broker_use_ssl"]
    assert told == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}


def test_people_see_no_password_and_spools_have_a_name_that_does_not_hold_it() -> None:
    assert shown(SENTINELS) == "redis+sentinel://a:26379,b,[::1]:7/history/2"
    assert name_of(SENTINELS) == name_of(SENTINELS.replace("p%40ss", "other"))
