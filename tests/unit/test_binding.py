"""Without API keys the HTTP API listens where this machine alone reaches it, and nowhere else."""

from __future__ import annotations

import pytest

from backscroll import binding
from backscroll.errors import InvalidSetting
from backscroll.settings import AccessSettings, load

NO_KEYS, KEYS = AccessSettings(), AccessSettings(api_keys="one:…")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]", "unix:/run/web.sock"]
)
def test_where_only_this_machine_reaches_it_no_keys_are_needed(host: str) -> None:
    binding.check(host, NO_KEYS)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "[::]", "", "192.168.1.7", "fe80::1%eth0", "myhost", "127.0.0.1.example.org"]
)
def test_elsewhere_keys_are_asked_for_and_the_way_to_have_some_is_told(host: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        binding.check(host, NO_KEYS)
    assert caught.value.name == "BACKSCROLL_API_KEYS"
    assert "backscroll keys new" in caught.value.message
    binding.check(host, KEYS)


def test_a_unix_socket_may_be_listened_on() -> None:
    assert load({"BACKSCROLL_BIND": "unix:/run/web.sock"}).web.bind == "unix:/run/web.sock"


def test_the_key_of_a_client_is_none_of_a_servers_settings() -> None:
    assert load({"BACKSCROLL_API_KEY": "bsk_x"}) == load({})
