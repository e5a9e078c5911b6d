"""What operators look at: health, reflection, channelz, the probes and the metrics."""
import json
import re
import signal
import subprocess

import pytest
from channelz.v1 import channelz_pb2, channelz_pb2_grpc
from fake_zai import Hold, error
from google.protobuf import descriptor_pb2
from health.v1 import health_pb2, health_pb2_grpc
from processes import until
from reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from service import HD, http_get, refused

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
IMAGE_SERVICE = "easel.v1.ImageService"


def stub(service):
    return health_pb2_grpc.HealthStub(service.channel)


@pytest.mark.parametrize("name", ["", IMAGE_SERVICE])
def test_health_answers_for_the_server_and_the_service(service, name):
    assert stub(service).Check(health_pb2.HealthCheckRequest(service=name), timeout=60).status == SERVING


def test_health_does_not_know_other_services(service):
    assert refused(stub(service).Check, health_pb2.HealthCheckRequest(service="other"), timeout=60).code == "NOT_FOUND"


def test_health_turns_to_not_serving_on_sigterm(workshop, zai):
    held = Hold()
    zai.script("Still at work", poll=[held])
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="60s")
    service.reach(service.start("Still at work").name, "RENDERING")
    watch = stub(service).Watch(health_pb2.HealthCheckRequest(service=IMAGE_SERVICE), timeout=60)
    assert next(watch).status == SERVING
    assert http_get(service.http + "/readyz").status == 200
    service.signal(signal.SIGTERM)
    assert next(watch).status == NOT_SERVING
    until(lambda: http_get(service.http + "/readyz").status == 503, "readyz")
    assert http_get(service.http + "/healthz").status == 200
    watch.cancel()
    held.release()
    assert service.wait() == 0


def reflect(service, *requests):
    call = reflection_pb2_grpc.ServerReflectionStub(service.channel).ServerReflectionInfo(iter(requests), timeout=60)
    return list(call)


def test_reflection_lists_the_services(service):
    (answer,) = reflect(service, reflection_pb2.ServerReflectionRequest(list_services=""))
    names = {one.name for one in answer.list_services_response.service}
    assert {IMAGE_SERVICE, "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"} <= names


@pytest.mark.parametrize("symbol", [IMAGE_SERVICE, "grpc.health.v1.Health", "google.rpc.ErrorInfo"])
def test_reflection_finds_the_descriptors(service, symbol):
    (answer,) = reflect(service, reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol))
    assert not answer.HasField("error_response"), answer
    found = set()
    for data in answer.file_descriptor_response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        found |= {f"{file.package}.{one.name}" for one in [*file.service, *file.message_type]}
    assert symbol in found


def test_channelz_answers(service):
    channelz = channelz_pb2_grpc.ChannelzStub(service.channel)
    servers = channelz.GetServers(channelz_pb2.GetServersRequest(), timeout=60).server
    assert servers and servers[0].data.calls_started > 0


def test_probes_answer(service):
    assert http_get(service.http + "/healthz").status == 200
    assert http_get(service.http + "/readyz").status == 200
    assert http_get(service.http + "/no-such-page").status == 404


def families(text):
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_every_family_of_the_design_is_there_from_the_start(workshop, zai):
    service = workshop.easeld(zai)
    text = service.metrics()
    found = families(text)
    assert found["easel_generation_duration_seconds"] == "histogram"
    assert set(found) >= {
        "easel_generation_duration_seconds", "easel_generation_failures_total", "easel_ready",
        "easel_overhead_seconds", "easel_queue_wait_seconds", "easel_queue_depth",
        "easel_upstream_concurrency_limit", "easel_upstream_key_up", "easel_upstream_breaker_open", "easel_upstream_request_duration_seconds",
        "easel_upstream_errors_total", "easel_generations_in_flight", "easel_charge_micros_total",
        "easel_unknown_charges_total", "easel_orphaned_images_total", "easel_image_bytes", "grpc_server_handled_total",
        "grpc_server_handling_seconds", "easel_build_info"}
    for model in ("glm-image", "cogview-4-250304"):
        for quality in ("hd", "standard"):
            for outcome in ("succeeded", "failed", "cancelled"):
                labels = {"model": model, "quality": quality, "outcome": outcome}
                assert service.sample("easel_generation_duration_seconds_count", **labels) == 0, labels


def test_buckets_resolve_half_a_second_to_five_minutes(service):
    bounds = sorted({float(bound) for bound in re.findall(
        r'easel_generation_duration_seconds_bucket\{[^}]*le="([0-9.]+)"', service.metrics())})
    within = [bound for bound in bounds if 0.5 <= bound <= 300]
    assert within[0] <= 1 and within[-1] == 300 and len(within) >= 10
    assert all(later / earlier <= 2.5 for earlier, later in zip(within, within[1:]))


def test_what_happened_is_counted(workshop, zai):
    service = workshop.easeld(zai)
    zai.script("Counted and blocked", submit=[error(400, "1301")])
    service.generate("Counted", quality=HD)
    refused(service.generate, "Counted and blocked")
    refused(service.get, "generations/none")
    glm = {"model": "glm-image", "quality": "hd"}
    assert service.sample("easel_generation_duration_seconds_count", **glm, outcome="succeeded") == 1
    assert service.sample("easel_generation_duration_seconds_count", **glm, outcome="failed") == 1
    assert service.sample("easel_charge_micros_total", **glm, currency="USD") == 15000
    assert service.sample("easel_caller_charge_micros_total", caller="default", currency="USD") == 15000
    assert service.sample("easel_image_bytes_count", model="glm-image") == 1
    assert service.sample("easel_overhead_seconds_count", **glm) == 2
    for method, code in (("GenerateImage", "OK"), ("GenerateImage", "FailedPrecondition"), ("GetGeneration", "NotFound")):
        assert service.sample("grpc_server_handled_total", grpc_type="unary", grpc_service=IMAGE_SERVICE,
                              grpc_method=method, grpc_code=code) == 1
    errors = [line for line in service.metrics().splitlines() if line.startswith("easel_upstream_errors_total") and
              'code="1301"' in line]
    assert [line.rsplit(" ", 1)[1] for line in errors] == ["1"]
    for at in ("queued", "submitting", "rendering", "fetching"):
        assert service.sample("easel_generations_in_flight", state=at) == 0


def test_promtool_has_nothing_to_say(service, shared_zai):
    shared_zai.script("Promtool's blocked one", submit=[error(400, "1301")])
    service.generate("Promtool's")
    refused(service.generate, "Promtool's blocked one")
    checked = subprocess.run(["promtool", "check", "metrics"], input=service.metrics().encode(), capture_output=True,
                             timeout=60, check=False)
    assert (checked.returncode, checked.stdout.decode() + checked.stderr.decode()) == (0, "")


def test_every_line_of_the_log_is_one_json_object(workshop, zai):
    service = workshop.easeld(zai)
    service.generate("Logged", request_id="logged-1")
    service.stop()
    lines = [json.loads(line) for line in service.log().splitlines()]
    (ended,) = [line for line in lines if line["message"] == "generation ended"]
    assert (ended["state"], ended["model"], ended["quality"], ended["request_id"], ended["charge"]) == (
        "succeeded", "glm-image", "hd", "logged-1", "made")
    assert {"time", "level"} <= set(lines[0])


def test_without_a_key_the_first_line_says_sandbox(workshop):
    service = workshop.easeld()
    assert "sandbox" in service.log().splitlines()[0]
    assert service.generate("A sample", size=(512, 512)).generation.charge.cost_micros == 15000


def test_a_slow_upstream_does_not_slow_the_probes(service, shared_zai):
    held = Hold()
    shared_zai.script("Slow", submit=[held])
    call = service.begin("Slow", model="cogview-4-250304")
    assert held.entered.wait(60)
    assert stub(service).Check(health_pb2.HealthCheckRequest(), timeout=60).status == SERVING
    assert http_get(service.http + "/readyz").status == 200
    held.release()
    assert call.result().generation.name == call.name()
