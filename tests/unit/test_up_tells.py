"""What `backscroll up` tells people to try is what works: with a key where keys are asked for."""

from __future__ import annotations

import pytest

from backscroll.cli import up
from backscroll.running.deployment import Deployment


@pytest.mark.parametrize("keys", [True, False])
def test_a_call_to_try_has_a_key_where_keys_are_asked_for(
    keys: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Deployment(
        url="http://127.0.0.1:8080", redis="r", model="m", logs="l", offline=True, keys=keys, processes={}
    )
    up._tell(found, 1.0)
    said = capsys.readouterr().out
    assert ("-H 'Authorization: Bearer bsk_…'" in said) == keys
    assert "curl -s -H" in said
