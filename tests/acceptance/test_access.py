"""Who is let in, what a tenant sees of others (nothing), and how much it may take.

One deployment for all of it, with its keys in a file; each test takes tenants of its own.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import redis as redis_py
from werkzeug.routing import Rule

import web
from backscroll import errors
from backscroll.client import Client
from backscroll.settings import load
from backscroll.store.keys import of_tenant
from tests.stack.api import Api
from tests.stack.conditions import until
from tests.stack.offline import OfflineModel
from tests.stack.processes import BIN
from tests.stack.stack import Stack
from tests.stack.tenants import KeyFile, Tenant

REQUESTS, SESSIONS, TOKENS = 100, 3, 1500

PICTURE = b"a picture"
SAID = {
    "parts": [
        {"text": "Look at this."},
        {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PICTURE).decode()}},
    ]
}
# What a request must hold to be asked at all, by its route.
BODIES: dict[str, Any] = {"messages.post": SAID, "sessions.put": {}}
# These begin a session where the tenant has none, whatever others call theirs.
BEGINNING = frozenset({"messages.post", "sessions.put"})
OPEN = frozenset({"/healthz", "/readyz", "/openapi.json", "/docs", "/"})


class Access:
    """The deployment, its keys, and who has them."""

    def __init__(self, stack: Stack, api: Api, keys: KeyFile) -> None:
        self.stack = stack
        self.api = api
        self.keys = keys
        # Some at the start: to see a new one a web process takes up to a second.
        self._ready = [keys.add(f"t-{uuid4().hex[:8]}") for _ in range(16)]
        self._tenants: list[Tenant] = []

    def tenant(self) -> Tenant:
        """Let a new tenant in."""
        self._tenants.append(Tenant(self.api.url, self._ready.pop()))
        return self._tenants[-1]

    def close(self) -> None:
        for tenant in self._tenants:
            tenant.close()


@pytest.fixture(scope="module")
def access(
    tmp_path_factory: pytest.TempPathFactory,
    make_lasting_stack: Callable[..., Stack],
    offline_model: OfflineModel,
) -> Iterator[Access]:
    offline_model.reset()
    keys = KeyFile(tmp_path_factory.mktemp("access") / "api-keys")
    stack = make_lasting_stack(
        BACKSCROLL_API_KEYS=str(keys.path),
        BACKSCROLL_REQUESTS_PER_MINUTE=str(REQUESTS),
        BACKSCROLL_TENANT_SESSIONS=str(SESSIONS),
        BACKSCROLL_TENANT_TOKENS=str(TOKENS),
    )
    made = Access(stack, Api(""), keys)
    made.api = stack.start("replies")
    yield made
    made.close()


@pytest.fixture
def tenant(access: Access) -> Tenant:
    return access.tenant()


def rules() -> list[tuple[Rule, str]]:
    """Give every route with each of its methods; what erases comes last."""
    found = web.create_app(load({})).url_map.iter_rules()
    pairs = [(rule, method) for rule in found for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
    return sorted(pairs, key=lambda pair: (pair[1] == "DELETE", pair[0].rule, pair[1]))


def ask(client: httpx2.Client, rule: Rule, method: str, values: dict[str, str]) -> httpx2.Response:
    """Call a route with `values` in its place; the name of a new one is missing here until it has one."""
    path = rule.rule
    for name in rule.arguments:
        path = path.replace(f"<{name}>", values[name])
    assert "<" not in path, f"give a value for what stands in {rule.rule}"
    return client.request(method, path, json=BODIES.get(rule.endpoint))


def refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check a problem document, and give it."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["code"] == code
    assert len(found["detail"]) > 10
    return found


def too_much(response: httpx2.Response, code: str) -> int:
    """Check that a limit was reached, and give the seconds after which to come back."""
    refused(response, 429, code)
    return int(response.headers["Retry-After"])


def test_f36_another_tenants_session_is_a_404_on_every_route(access: Access, sid: str) -> None:
    owner, other = access.tenant(), access.tenant()
    rid = owner.http.post(f"/v1/sessions/{sid}/messages", json=SAID).json()["id"]
    owner.ended(sid, rid)
    values = {"sid": sid, "rid": rid, "sha256": sha256(PICTURE).hexdigest()}
    of_sessions = [(rule, method) for rule, method in rules() if "sid" in rule.arguments]
    assert len(of_sessions) >= 11
    before = owner.session(sid), owner.transcript(sid)
    seen = [(rule, method) for rule, method in of_sessions if rule.endpoint not in BEGINNING]
    for rule, method in seen:
        refused(ask(other.http, rule, method, values), 404, "not_found")
    for rule, method in of_sessions:
        if rule.endpoint in BEGINNING:
            assert ask(other.http, rule, method, values).is_success
    assert (owner.session(sid)["messages"], owner.transcript(sid)) == (before[0]["messages"], before[1])
    assert other.transcript(sid) != before[1]
    other.http.delete(f"/v1/sessions/{sid}").raise_for_status()
    for rule, method in seen:
        assert ask(owner.http, rule, method, values).is_success, "to its owner it is there"


def test_without_a_key_every_route_is_closed_but_for_probes_and_documents(access: Access, sid: str) -> None:
    values = {"sid": sid, "rid": "r_1", "sha256": "0" * 64, "name": "main.js"}
    for rule, method in rules():
        if rule.rule in OPEN or rule.rule.startswith(("/docs/", "/console/")):
            assert ask(access.api.http, rule, method, values).status_code == 200
        else:
            answer = ask(access.api.http, rule, method, values)
            refused(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(access.api.http.get("/v1/nothing"), 401, "unauthorized")


def test_what_is_no_key_of_anybody_opens_nothing(access: Access, tenant: Tenant, sid: str) -> None:
    key, path = tenant.key.key, f"/v1/sessions/{sid}"
    for sent in (
        key,
        f"Basic {key}",
        "Bearer",
        f"Bearer {key[:-1]}",
        f"Bearer {key}x",
        f"Bearer {tenant.key.entry}",
        f"Bearer {key}, Bearer {key}",
        "Bearer \xff",
        "Bearer " + "x" * 4000,
    ):
        answer = access.api.http.get(path, headers={"Authorization": sent.encode("latin-1")})
        refused(answer, 401, "unauthorized")
    refused(access.api.http.get(path, params={"api_key": key}), 401, "unauthorized")
    refused(access.api.http.get(path, headers={"Authorization": f"bearer  {key}"}), 404, "not_found")


def test_keys_rotate_while_the_server_runs(access: Access, sid: str) -> None:
    old = access.tenant()
    old.say(sid, "hello")
    fresh = Tenant(access.api.url, access.keys.add(old.key.tenant))

    def status(tenant: Tenant) -> int:
        return tenant.http.get(f"/v1/sessions/{sid}").status_code

    until("the new key opens", lambda: status(fresh) == 200)
    assert status(old) == 200
    access.keys.remove(old.key)
    until("the old key opens nothing", lambda: status(old) == 401)
    assert status(fresh) == 200
    fresh.close()


def test_no_key_is_in_anything_that_a_process_says(access: Access, tenant: Tenant, sid: str) -> None:
    tenant.say(sid, "hello")
    tenant.http.get(f"/v1/sessions/{sid}/nowhere")
    for process in access.stack.processes:
        assert "bsk_" not in process.output


def test_a_client_gives_its_key_and_decides_by_the_type_of_a_refusal(
    access: Access, tenant: Tenant, sid: str
) -> None:
    with Client(access.api.url, api_key=tenant.key.key) as client:
        assert client.session(sid).send("hello").text
    with Client(access.api.url) as client, pytest.raises(errors.Unauthorized):
        client.session(sid).send("hello")


def test_the_commands_take_the_key_from_the_environment(access: Access, tenant: Tenant, sid: str) -> None:
    def chat(**env: str) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "backscroll"), "chat", sid, "hello", "--base-url", access.api.url]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert chat(BACKSCROLL_API_KEY=tenant.key.key).returncode == 0
    refusal = chat()
    assert refusal.returncode == 1
    assert "API key" in refusal.stderr


def test_requests_beyond_the_limit_are_refused_and_cost_others_nothing(access: Access, sid: str) -> None:
    busy, other = access.tenant(), access.tenant()
    answers = [busy.http.get(f"/v1/sessions/{sid}") for _ in range(REQUESTS + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {404}
    assert 1 <= too_much(answers[-1], "rate_limited") <= 60
    too_much(busy.post(sid, "hello"), "rate_limited")
    assert busy.http.get("/readyz").status_code == 200
    assert other.http.get(f"/v1/sessions/{sid}").status_code == 404


def test_sessions_beyond_the_limit_are_begun_when_others_are_gone(tenant: Tenant, sid: str) -> None:
    names = [f"{sid}-{number}" for number in range(SESSIONS + 1)]
    for name in names[:-1]:
        tenant.submit(name, "hello")
    assert too_much(tenant.post(names[-1], "hello"), "too_many_sessions") > 6 * 86_400
    too_much(tenant.http.put(f"/v1/sessions/{names[-1]}", json={}), "too_many_sessions")
    assert tenant.http.get(f"/v1/sessions/{names[-1]}").status_code == 404
    tenant.say(names[0], "we go on")
    tenant.http.delete(f"/v1/sessions/{names[0]}").raise_for_status()
    tenant.say(names[-1], "hello")


def test_tokens_beyond_the_limit_of_the_day_are_refused_until_midnight(access: Access, sid: str) -> None:
    tenant, other = access.tenant(), access.tenant()
    tenant.say(sid, "word " * (4 * TOKENS // 5 + 1))
    answer = until("the turn was counted", lambda: refusal(tenant, sid))
    assert 1 <= too_much(answer, "token_budget_spent") <= 86_400
    too_much(tenant.http.post(f"/v1/sessions/{sid}/compact"), "token_budget_spent")
    assert len(tenant.transcript(sid)) % 2 == 0, "what was said can still be read"
    other.say(sid, "hello")


def refusal(tenant: Tenant, sid: str) -> httpx2.Response | None:
    """Post a message, and give the answer if it is refused."""
    answer = tenant.post(sid, "hello")
    return None if answer.is_success else answer


def test_a_retry_of_what_was_accepted_gets_its_reply_whatever_is_left(access: Access, sid: str) -> None:
    tenant, key = access.tenant(), {"Idempotency-Key": "once"}
    said = "word " * (4 * TOKENS // 5 + 1)
    rid = tenant.post(sid, said, headers=key).raise_for_status().json()["id"]
    tenant.ended(sid, rid)
    until("the turn was counted", lambda: refusal(tenant, sid))
    again = tenant.post(sid, said, headers=key)
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, rid, "completed")
    refused(tenant.post(sid, "another", headers=key), 422, "idempotency_key_reused")
    too_much(tenant.post(sid, said, headers={"Idempotency-Key": "new"}), "token_budget_spent")
    too_much(tenant.post(f"{sid}-other", said, headers=key), "token_budget_spent")


def test_a_retry_in_a_session_that_lost_its_place_gets_its_reply(
    access: Access, tenant: Tenant, sid: str
) -> None:
    key = {"Idempotency-Key": "once"}
    rid = tenant.post(sid, "hello", headers=key).raise_for_status().json()["id"]
    with redis_py.Redis.from_url(access.stack.env["REDIS_URL"]) as redis:
        redis.delete(of_tenant(tenant.key.tenant, "sessions"))
    for number in range(SESSIONS):
        tenant.submit(f"{sid}-{number}", "hello")
    too_much(tenant.post(sid, "hello"), "too_many_sessions")
    again = tenant.post(sid, "hello", headers=key)
    assert again.is_success
    assert again.json()["id"] == rid


def test_a_message_that_is_refused_leaves_its_place_to_another_session(
    make_stack: Callable[..., Stack], sid: str
) -> None:
    # As large as a message may be, and stored with what kind it is: a little more than a session may have.
    most = {"BACKSCROLL_MEDIA_BYTES": "1024", "BACKSCROLL_SESSION_MEDIA_BYTES": "1024"}
    api = make_stack(BACKSCROLL_TENANT_SESSIONS="1", **most).web()
    picture = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(bytes(1024)).decode()}}
    answer = api.http.post(f"/v1/sessions/{sid}-refused/messages", json={"parts": [picture]})
    refused(answer, 413, "media_full")
    assert api.http.get(f"/v1/sessions/{sid}-refused").status_code == 404
    api.submit(sid, "hello")
    too_much(api.post(f"{sid}-refused", "hello"), "too_many_sessions")
