"""The manifests, as kubectl puts them together: against the published schemas of two versions of Kubernetes, field by field, and
against each other."""
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
import yaml
from shop import DEPLOY, output_of, tool

OVERLAYS = ("single", "replicas", "single+access", "replicas+access")
# What the component `access` asks its user for.
CALLERS = [{"name": "posters", "keys": [{"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}]
# The oldest that has what is used (a sleep as preStop), and the newest that the tool knows.
VERSIONS = ("1.30", "1.37")
# What the API server does not know by itself, with the keys that it may have here.
CUSTOM = {"ServiceMonitor": {"jobLabel", "selector", "endpoints"}, "PrometheusRule": {"groups"}}


def kustomize():
    for command in (["kubectl", "kustomize"], ["kustomize", "build"]):
        if shutil.which(command[0]):
            return command
    pytest.skip("neither kubectl nor kustomize is installed")
    return []


def with_component(directory, overlay, component):
    """A kustomization as a user writes it: an overlay, and what is added to it."""
    parts = {"resources": f"overlays/{overlay}", "components": f"components/{component}"}
    relative = {kind: [os.path.relpath(DEPLOY / "kubernetes" / part, directory)] for kind, part in parts.items()}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump({"kind": "Kustomization", **relative}))
    return directory


@functools.cache
def built(overlay):
    name, _, component = overlay.partition("+")
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory).resolve()
        place = with_component(directory, name, component) if component else DEPLOY / "kubernetes" / "overlays" / name
        done = subprocess.run([*kustomize(), place], capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def find(overlay, kind, name="easel"):
    (found,) = [one for one in built(overlay) if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pod(overlay):
    return find(overlay, "Deployment")["spec"]["template"]["spec"]


def container(overlay):
    (only,) = pod(overlay)["containers"]
    return only


def config(overlay):
    (found,) = [one for one in built(overlay) if one["kind"] == "ConfigMap"]
    return yaml.safe_load(found["data"]["easel.yaml"])


def seconds(text):
    return float(text.rstrip("s"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_the_schema_to_the_last_field(overlay, version, tmp_path):
    validate = tool("kubernetes-validate")
    objects = [one for one in built(overlay) if one["kind"] not in CUSTOM]
    (tmp_path / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    output_of(validate, "--strict", "-k", version, tmp_path / "objects.yaml")


def test_a_misspelt_field_would_be_found(tmp_path):
    validate = tool("kubernetes-validate")
    broken = json.loads(json.dumps(find("single", "Deployment")))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(broken))
    done = subprocess.run([validate, "--strict", "-k", VERSIONS[-1], tmp_path / "broken.yaml"], capture_output=True, timeout=120,
                          check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_of_custom_objects_only_known_fields_are_set(overlay):
    for kind, fields in CUSTOM.items():
        one = find(overlay, kind)
        assert one["apiVersion"] == "monitoring.coreos.com/v1" and set(one["spec"]) <= fields


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pod_is_as_restricted_as_the_standard_of_that_name_wants(overlay):
    assert find(overlay, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    outer, inner = pod(overlay)["securityContext"], container(overlay)["securityContext"]
    assert outer["runAsNonRoot"] and outer["runAsUser"] > 0 and outer["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert pod(overlay)["automountServiceAccountToken"] is False
    assert {"memory"} <= set(container(overlay)["resources"]["limits"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pod_outlives_its_grace_period(overlay):
    pause = container(overlay)["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = seconds(config(overlay)["timeouts"]["grace_period"])
    assert grace >= 70 and pod(overlay)["terminationGracePeriodSeconds"] >= pause + grace + 10


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_probes_and_services_mean_the_same(overlay):
    ports = {port["name"]: port["containerPort"] for port in container(overlay)["ports"]}
    assert ports == {name: int(config(overlay)[name]["listen"].rsplit(":", 1)[1]) for name in ("grpc", "http")}
    # The kubelet speaks no TLS with gRPC.
    secure = overlay.endswith("+access")
    for probe in ("startupProbe", "readinessProbe"):
        asked = {key: container(overlay)[probe].get(key) for key in ("grpc", "httpGet")}
        assert asked == ({"grpc": None, "httpGet": {"path": "/readyz", "port": "http"}} if secure else
                         {"grpc": {"port": ports["grpc"]}, "httpGet": None})
    assert find(overlay, "Service")["spec"]["clusterIP"] == "None"
    for name in ("easel", "easel-http"):
        for port in find(overlay, "Service", name)["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_selector_finds_the_pod(overlay):
    labels = find(overlay, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [find(overlay, "Deployment")["spec"]["selector"]["matchLabels"],
                 find(overlay, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                 find(overlay, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
                 *(find(overlay, "Service", name)["spec"]["selector"] for name in ("easel", "easel-http"))]
    for selector in selectors:
        assert selector and selector.items() <= labels.items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_prometheus_finds_the_service_under_the_name_that_alerts_ask_for(overlay):
    monitor, service = find(overlay, "ServiceMonitor")["spec"], find(overlay, "Service", "easel-http")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["metadata"]["labels"][monitor["jobLabel"]] == "easel"
    assert {endpoint["port"] for endpoint in monitor["endpoints"]} <= {port["name"] for port in service["spec"]["ports"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_secret_is_in_the_manifests(overlay):
    assert not [one for one in built(overlay) if one["kind"] == "Secret"]
    mounts = {one["mountPath"]: one["name"] for one in container(overlay)["volumeMounts"] if one.get("readOnly")}
    volumes = {one["name"]: one for one in pod(overlay)["volumes"]}
    for variable in container(overlay)["env"]:
        if "secretKeyRef" not in variable.get("valueFrom", {}):
            assert variable["name"].endswith("_FILE"), variable
            assert "secret" in volumes[mounts[variable["value"].rsplit("/", 1)[0]]], variable
    assert "ZAI_API_KEY_FILE" in {one["name"] for one in container(overlay)["env"]}
    assert not re.search(r"://[^/@]*:[^/@]*@", str(config(overlay))), "a password in a URL"


def test_one_replica_lets_go_of_its_volume_before_the_next_takes_it():
    spec = find("single", "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    (data,) = [volume for volume in spec["template"]["spec"]["volumes"] if volume["name"] == "data"]
    claim = find("single", "PersistentVolumeClaim", data["persistentVolumeClaim"]["claimName"])
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"] and "emptyDir" not in data


def test_replicas_are_scaled_by_what_is_in_flight():
    scaler = find("replicas", "HorizontalPodAutoscaler")["spec"]
    assert scaler["minReplicas"] == 3 and "replicas" not in find("replicas", "Deployment")["spec"]
    (metric,) = scaler["metrics"]
    rules = yaml.safe_load((DEPLOY / "kubernetes" / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
    assert metric["pods"]["metric"]["name"] in {rule["name"]["as"] for rule in rules}


def test_the_dashboard_is_a_config_map_too():
    done = output_of(*kustomize(), DEPLOY / "grafana")
    (found,) = yaml.safe_load_all(done)
    assert found["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert json.loads(found["data"]["easel.json"])["uid"] == "easel"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_easeld_takes_the_configuration(overlay, tmp_path):
    from pki import Authority  # pylint: disable=import-outside-toplevel
    from processes import BIN, clean_environment, run  # pylint: disable=import-outside-toplevel
    (tmp_path / "secret").write_text("a-secret\n")
    Authority(tmp_path, "tls")
    secrets = {one["name"]: tmp_path / "secret" if one["name"].endswith("_FILE") else "an-id" for one in container(overlay)["env"]}
    secrets |= {name: tmp_path / f"tls.{kind}" for name, kind in
                (("EASEL_GRPC_TLS_CERT_FILE", "pem"), ("EASEL_GRPC_TLS_KEY_FILE", "key")) if name in secrets}
    environment = clean_environment(tmp_path, **secrets, EASEL_DATA_DIR=tmp_path / "data")

    def check(settings):
        (tmp_path / "easel.yaml").write_text(yaml.safe_dump(settings))
        return run([BIN / "easeld", "--config", tmp_path / "easel.yaml", *container(overlay)["args"][2:], "--check"], environment)

    code, _, errors = check(config(overlay))
    if overlay.endswith("+access"):
        assert code != 0 and "--insecure" in errors, "nobody is let in without a key"
        code, _, errors = check({**config(overlay), "callers": CALLERS})
    assert code == 0, errors
