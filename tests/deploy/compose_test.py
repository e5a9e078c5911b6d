"""The compose files, as Docker Compose itself reads and merges them; what they mount is there, and what they say fits the rest."""
import functools
import json
import os
import re
import stat
import subprocess

import pytest
import yaml
from shop import DEPLOY, output_of, tool

BUCKET = {"EASEL_IMAGES": "s3://bucket/prefix", "AWS_ACCESS_KEY_ID": "an-id"}
VARIANTS = {"alone": ["compose.yaml"], "sandbox": ["compose.yaml", "compose.sandbox.yaml"],
            "replicas": ["compose.yaml", "compose.replicas.yaml"]}


def compose(*files, environment=None):
    arguments = [tool("docker-compose"), *(f"--file={DEPLOY / file}" for file in files), "config", "--format", "json"]
    return subprocess.run(arguments, capture_output=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], **(BUCKET if environment is None else environment)})


@functools.cache
def merged(variant):
    done = compose(*VARIANTS[variant])
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return json.loads(done.stdout)


def seconds(text):
    minutes, rest = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", text).groups()
    return 60 * int(minutes or 0) + int(rest or 0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_compose_takes_it_and_everything_mounted_is_there(variant):
    for name, service in merged(variant)["services"].items():
        for volume in service.get("volumes", []):
            assert volume["type"] == "volume" or os.path.exists(volume["source"]), (name, volume)
        assert service.get("cap_drop") == ["ALL"] or name == "postgres"  # which becomes another user as it starts


@pytest.mark.parametrize("variant", VARIANTS)
def test_easel_is_shut_in(variant):
    easel = merged(variant)["services"]["easel"]
    assert easel["read_only"] and easel["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in easel and "privileged" not in easel, "the image's own user is no root"
    assert seconds(easel["stop_grace_period"]) >= 80


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_this_machine_reaches_the_ports(variant):
    ports = [port for service in merged(variant)["services"].values() for port in service.get("ports", [])]
    assert ports and all(port["host_ip"] == "127.0.0.1" for port in ports)


def test_secrets_come_from_files_that_are_not_the_projects():
    for variant in VARIANTS:
        for secret in merged(variant).get("secrets", {}).values():
            assert os.path.dirname(secret["file"]) == str(DEPLOY / "secrets")
    assert "secrets/" in (DEPLOY / ".gitignore").read_text().splitlines()
    assert "secrets" not in merged("sandbox")["services"]["easel"]
    assert "--sandbox" in merged("sandbox")["services"]["easel"]["command"]
    assert "--sandbox" not in merged("alone")["services"]["easel"]["command"]


def test_three_replicas_keep_nothing_of_their_own_and_share_no_port():
    easel = merged("replicas")["services"]["easel"]
    assert easel["deploy"]["replicas"] == 3
    assert not easel.get("ports") and not easel.get("volumes")
    assert easel["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_without_a_bucket_the_replicas_are_told_so():
    done = compose(*VARIANTS["replicas"], environment={})
    assert done.returncode != 0 and "s3://bucket/prefix" in done.stderr.decode()


def test_prometheus_finds_easel_by_its_name():
    (scrape,) = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = scrape["dns_sd_configs"]
    image = yaml.safe_load((DEPLOY / "image.yaml").read_text())
    assert set(found["names"]) <= set(merged("alone")["services"])
    assert found["port"] == int(image["http"]["listen"].rsplit(":", 1)[1])


def test_grafana_finds_prometheus_and_the_dashboard():
    services = merged("alone")["services"]
    (source,) = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert re.fullmatch(r"http://(\w+):9090", source["url"])[1] in services
    (provider,) = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/easel.yml").read_text())["providers"]
    mounts = {volume["target"]: volume["source"] for volume in services["grafana"]["volumes"]}
    assert mounts[provider["options"]["path"]] == str(DEPLOY / "grafana" / "dashboards")


def test_secrets_are_made_once_and_nobody_else_may_look(tmp_path):
    place = tmp_path / "secrets"
    environment = {"PATH": os.environ["PATH"], "ZAI_API_KEY": "a-key-of-mine", "AWS_SECRET_ACCESS_KEY": "another"}
    said = output_of(DEPLOY / "make-secrets", place, env=environment)
    assert "a-key-of-mine" not in said and (place / "zai_api_key").read_text() == "a-key-of-mine"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    wanted = {os.path.basename(secret["file"]) for variant in VARIANTS for secret in merged(variant).get("secrets", {}).values()}
    assert {path.name for path in place.iterdir()} == wanted
    before = {path.name: path.read_text() for path in place.iterdir()}
    assert before["postgres_password"] != before["grafana_password"] and len(before["postgres_password"]) >= 32
    assert output_of(DEPLOY / "make-secrets", place, env=environment) == ""
    assert {path.name: path.read_text() for path in place.iterdir()} == before
