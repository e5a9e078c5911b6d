"""Who may call: keys, wrong keys, other callers' generations, and what stays open."""
import json
import subprocess

import grpc
import pytest
from callers import KEYS, As, bearer, caller, digest, write_config
from channelz.v1 import channelz_pb2, channelz_pb2_grpc
from health.v1 import health_pb2, health_pb2_grpc
from processes import BIN, clean_environment
from reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from service import api, api_grpc, http_get, refusal_of, refused, spec


@pytest.fixture(scope="module")
def guarded(shared_workshop, shared_zai):
    old = {"sha256": digest("ada-old-key"), "expire_time": "2020-01-01T00:00:00Z"}
    config = write_config(shared_workshop.directory,
                          [caller("ada", KEYS["ada"], "ada-next-key", old), caller("bob")], http={"open_metrics": False})
    return shared_workshop.easeld(shared_zai, name="guarded", arguments=["--config", config])


@pytest.mark.parametrize("metadata", [
    (), bearer("wrong"), bearer(KEYS["ada"][:-1]), bearer(KEYS["ada"] + "x"), bearer(KEYS["ada"].upper()),
    bearer(digest(KEYS["ada"])), bearer("ada"), bearer("ada-old-key"), (("authorization", KEYS["ada"]),),
    (("authorization", "Bearer"),), bearer(KEYS["ada"]) + bearer(KEYS["ada"]), (("easel-caller", "ada"),),
    (("easel-api-key", KEYS["ada"]),)], ids=str)
def test_a_stranger_is_turned_away(guarded, metadata):
    told = refused(guarded.images.StartGeneration, api.StartGenerationRequest(spec=spec("Strange")), metadata=metadata,
                   timeout=60)
    assert (told.code, told.reason, told.metadata["charge_state"]) == ("UNAUTHENTICATED", "CALLER_UNKNOWN", "NONE")


def test_strangers_leave_nothing(guarded, shared_zai):
    assert shared_zai.charged("Strange") == 0
    for key in KEYS.values():
        listed = As(guarded, key).images.ListGenerations(api.ListGenerationsRequest(), metadata=bearer(key), timeout=60)
        assert not [one for one in listed.generations if one.spec.prompt == "Strange"]


def test_both_keys_of_a_rotation_are_the_same_caller(guarded):
    name = As(guarded, KEYS["ada"]).start(spec("Turning over"), "turn-1").name
    assert As(guarded, "ada-next-key").start(spec("Turning over"), "turn-1").name == name
    assert As(guarded, "ada-next-key").end_of(name).image.url


def test_anothers_generation_does_not_exist(guarded):
    name = As(guarded, KEYS["ada"]).start(spec("Mine alone")).name
    As(guarded, KEYS["ada"]).end_of(name)
    images = guarded.images
    for call, request in [(images.GetGeneration, api.GetGenerationRequest), (images.CancelGeneration, api.CancelGenerationRequest),
                          (images.DeleteGeneration, api.DeleteGenerationRequest),
                          (images.WatchGeneration, api.WatchGenerationRequest), (images.ReadImage, api.ReadImageRequest)]:
        told = refused(call, request(name=name), metadata=bearer(KEYS["bob"]) + (("easel-caller", "ada"),), timeout=60)
        absent = name[:-1] + ("0" if name[-1] != "0" else "1")
        nothing = refused(call, request(name=absent), metadata=bearer(KEYS["bob"]), timeout=60)
        assert told.code == nothing.code == "NOT_FOUND"
        assert told.message.replace(name, "") == nothing.message.replace(absent, "")
        assert (told.reason, told.metadata) == (nothing.reason, nothing.metadata)
    assert As(guarded, KEYS["ada"]).get(name).image.url


def test_health_and_reflection_are_open_and_channelz_is_not(guarded):
    health = health_pb2_grpc.HealthStub(guarded.channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=60).status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(guarded.channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = reflection.ServerReflectionInfo(iter([question]), timeout=60)
    names = {service.name for service in answer.list_services_response.service}
    assert "easel.v1.ImageService" in names and "grpc.channelz.v1.Channelz" not in names
    channelz = channelz_pb2_grpc.ChannelzStub(guarded.channel)
    assert refused(channelz.GetServers, channelz_pb2.GetServersRequest(), timeout=60).code == "UNIMPLEMENTED"


def test_reflection_can_be_closed(workshop):
    service = workshop.easeld(EASEL_GRPC_REFLECTION="false")
    reflection = reflection_pb2_grpc.ServerReflectionStub(service.channel)
    question = reflection_pb2.ServerReflectionRequest(list_services="")
    with pytest.raises(grpc.RpcError) as told:
        list(reflection.ServerReflectionInfo(iter([question]), timeout=60))
    assert refusal_of(told.value).code == "UNIMPLEMENTED"


def test_closed_metrics_want_a_key(guarded):
    assert http_get(guarded.http + "/metrics").status == 401
    assert http_get(guarded.http + "/metrics", authorization="Bearer wrong").status == 401
    reply = http_get(guarded.http + "/metrics", authorization="Bearer " + KEYS["bob"])
    assert reply.status == 200 and b"easel_build_info" in reply.body
    assert http_get(guarded.http + "/healthz").status == 200 and http_get(guarded.http + "/readyz").status == 200


def test_an_image_link_needs_no_key(guarded):
    name = As(guarded, KEYS["ada"]).start(spec("Linked")).name
    assert http_get(As(guarded, KEYS["ada"]).end_of(name).image.url).status == 200


def test_keys_are_in_no_log_and_no_error(guarded):
    told = refused(guarded.images.ListModels, api.ListModelsRequest(), metadata=bearer("a-wrong-key-of-somebody"), timeout=60)
    assert "a-wrong-key" not in str(told)
    log = guarded.log()
    for key in [*KEYS.values(), "ada-next-key", "a-wrong-key-of-somebody"]:
        assert key not in log and digest(key) not in log


def test_more_metadata_than_a_call_needs_is_refused_and_the_service_lives(guarded):
    # gRPC may end such a connection, so it is one of its own.
    with grpc.insecure_channel(guarded.address, [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]) as channel:
        with pytest.raises(grpc.RpcError):
            api_grpc.ImageServiceStub(channel).ListModels(api.ListModelsRequest(), metadata=bearer("x" * 1_000_000), timeout=60)
    assert As(guarded, KEYS["ada"]).let_in()


def easel(guarded, directory, *arguments, **settings):
    environment = clean_environment(directory, EASEL_SERVER=guarded.address, **settings)
    return subprocess.run([BIN / "easel", *arguments], env=environment, cwd=directory, capture_output=True, text=True,
                          timeout=60, check=False)


def test_the_command_sends_its_key(guarded, tmp_path):
    (tmp_path / "key").write_text(KEYS["bob"] + "\n")
    assert easel(guarded, tmp_path, "models", EASEL_API_KEY=KEYS["bob"]).returncode == 0
    assert easel(guarded, tmp_path, "models", EASEL_API_KEY_FILE="key").returncode == 0
    assert easel(guarded, tmp_path, "models", "--api-key-file", "key").returncode == 0
    without = easel(guarded, tmp_path, "models", "--json")
    assert without.returncode == 1 and json.loads(without.stderr)["code"] == 16
    wrong = easel(guarded, tmp_path, "models", EASEL_API_KEY="not it")
    assert wrong.returncode == 2 and "not it" not in wrong.stderr
