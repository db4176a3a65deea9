"""deploy/kubernetes: what Kubernetes would not say before it is too late, and what no schema knows.

`make manifests` holds the same files against Kubernetes' own schemas.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from backscroll.settings import fields, load, variable

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(FOLDER.rglob("*.yaml"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

Manifest = dict[str, Any]


def loaded(path: Path) -> list[Manifest]:
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


ALL = [each for path in FILES for each in loaded(path)]
RUNNING = {each["metadata"]["name"]: each for each in ALL if each["kind"] in ("Deployment", "StatefulSet")}


def pod(name: str) -> dict[str, Any]:
    return RUNNING[name]["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return only  # type: ignore[no-any-return]


def named(kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in ALL if each["kind"] == kind}


each_process = pytest.mark.parametrize(
    ("name", "service"),
    [
        ("backscroll-web", "web"),
        ("backscroll-reply-worker", "reply-worker"),
        ("backscroll-compaction-worker", "compaction-worker"),
    ],
)


def test_every_manifest_is_in_a_kustomization_but_the_example() -> None:
    for kustomization in FOLDER.rglob("kustomization.yaml"):
        (said,) = loaded(kustomization)
        beside = {each.name for each in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}
        listed = {each for each in said["resources"] if each.endswith(".yaml")}
        assert listed == {each for each in beside if ".example." not in each}
        for folder in set(said["resources"]) - listed:
            assert (kustomization.parent / folder / "kustomization.yaml").exists()


def test_no_manifest_names_a_namespace() -> None:
    assert not any("namespace" in each.get("metadata", {}) for each in ALL)


@each_process
def test_a_process_is_started_as_docker_compose_starts_it(name: str, service: str) -> None:
    assert container(name)["command"] == COMPOSE["services"][service]["command"]


def test_workers_have_the_time_to_end_that_docker_compose_gives_them() -> None:
    for worker in ("reply-worker", "compaction-worker"):
        seconds = pod(f"backscroll-{worker}")["terminationGracePeriodSeconds"]
        assert f"{seconds}s" == COMPOSE["services"][worker]["stop_grace_period"]


def test_the_settings_of_each_process_can_be_loaded() -> None:
    config = named("ConfigMap")["backscroll"]["data"]
    secrets = {name: each["stringData"] for name, each in named("Secret").items()}
    known = {variable(field.name) for _, field in fields()}
    for name in RUNNING:
        env: dict[str, str] = {}
        for source in container(name)["envFrom"]:
            env |= config if "configMapRef" in source else secrets[source["secretRef"]["name"]]
        env |= {each["name"]: each["value"] for each in container(name).get("env", [])}
        assert set(env) <= known
        load(env)


@each_process
def test_kubernetes_adds_no_variables_of_its_own_that_would_stop_a_process(name: str, service: str) -> None:
    assert pod(name)["enableServiceLinks"] is False, "BACKSCROLL_WEB_PORT is no setting"


@each_process
def test_a_process_may_do_no_more_than_it_has_to(name: str, service: str) -> None:
    assert pod(name)["automountServiceAccountToken"] is False
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = container(name)["securityContext"]
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container(name)["resources"]["limits"]
    assert {"cpu", "memory"} <= set(container(name)["resources"]["requests"])


def test_the_user_is_the_images() -> None:
    assert "--uid 10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert all(pod(name)["securityContext"]["runAsUser"] == 10001 for name in RUNNING)


@each_process
def test_volumes_and_mounts_fit(name: str, service: str) -> None:
    claims = RUNNING[name]["spec"].get("volumeClaimTemplates", [])
    there = {each["name"] for each in pod(name)["volumes"]} | {each["metadata"]["name"] for each in claims}
    mounts = {each["name"]: each["mountPath"] for each in container(name)["volumeMounts"]}
    assert set(mounts) == there
    assert "/tmp" in mounts.values()


def test_the_spool_lies_on_a_volume_that_outlives_its_pod() -> None:
    env = {each["name"]: each["value"] for each in container("backscroll-web")["env"]}
    mounts = {each["name"]: each["mountPath"] for each in container("backscroll-web")["volumeMounts"]}
    assert Path(mounts["spool"]) in Path(env["BACKSCROLL_SPOOL_DIR"]).parents
    assert set(RUNNING["backscroll-web"]["spec"]["persistentVolumeClaimRetentionPolicy"].values()) == {
        "Retain"
    }


def test_an_outage_of_the_history_store_takes_no_web_process_out_of_the_service() -> None:
    web = container("backscroll-web")
    assert web["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert web["readinessProbe"]["httpGet"]["path"] == web["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_selectors_meet_the_pods_that_they_are_for() -> None:
    labels = {name: each["spec"]["template"]["metadata"]["labels"] for name, each in RUNNING.items()}
    for name, each in RUNNING.items():
        assert each["spec"]["selector"]["matchLabels"] == labels[name]
        budget = named("PodDisruptionBudget")[name]
        assert budget["spec"]["selector"]["matchLabels"] == labels[name]
    for service in named("Service").values():
        assert service["spec"]["selector"] == labels["backscroll-web"]
    assert RUNNING["backscroll-web"]["spec"]["serviceName"] in named("Service")


def test_who_is_scaled_by_somebody_else_is_there() -> None:
    for each in [*named("ScaledObject").values(), *named("HorizontalPodAutoscaler").values()]:
        assert each["spec"]["scaleTargetRef"]["name"] in RUNNING


def test_a_worker_is_scaled_before_all_its_threads_are_taken() -> None:
    (threads,) = (int(each["data"]["BACKSCROLL_WORKER_THREADS"]) for each in named("ConfigMap").values())
    (sessions, _) = named("ScaledObject")["backscroll-reply-worker"]["spec"]["triggers"]
    assert 0 < int(sessions["metadata"]["threshold"]) < threads
