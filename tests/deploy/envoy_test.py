"""A real Envoy with the shipped configuration in front of three easelds: JSON, gRPC-Web, gRPC, and replicas that come and go."""
import base64
import concurrent.futures
import json
import signal
import struct
import urllib.error
import urllib.request

import grpc
import pytest
from front import METHOD, Front
from png import read
from processes import PATIENCE, until
from service import api, api_grpc, http_get, spec
from shop import DEPLOY, output_of

REPLICAS = 3


@pytest.fixture(scope="module")
def front(shop):
    return Front(shop, [shop.easeld(f"replica-{number}") for number in range(REPLICAS)])


def frames(body):
    """gRPC-Web's frames: (whether these are trailers, content)."""
    while body:
        kind, length = struct.unpack(">BI", body[:5])
        yield bool(kind & 0x80), body[5:5 + length]
        body = body[5 + length:]


def from_text(body):
    """Of grpc-web-text: pieces of base64 one behind the other, each with padding of its own."""
    return b"".join(base64.b64decode(body[at:at + 4]) for at in range(0, len(body), 4))


def web_call(front, method, request, text=False, **headers):
    """A unary call as a browser makes it: the message, if there is one, and the trailers."""
    message = request.SerializeToString()
    body = struct.pack(">BI", 0, len(message)) + message
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    status, _, body = front.post(METHOD + method, base64.b64encode(body) if text else body, Content_Type=kind, Accept=kind,
                                 X_Grpc_Web="1", **headers)
    assert status == 200
    messages, trailers = [], {}
    for ends, content in frames(from_text(body) if text else body):
        if ends:
            trailers |= dict(line.split(":", 1) for line in content.decode().split("\r\n") if line)
        else:
            messages.append(content)
    return messages, {name.strip().lower(): value.strip() for name, value in trailers.items()}


def test_envoy_takes_the_file_as_it_is(shop, front):  # pylint: disable=unused-argument
    from shop import tool  # pylint: disable=import-outside-toplevel
    output_of(DEPLOY / "envoy" / "make-descriptors", shop.directory / "easel.pb")
    said = output_of(tool("envoy"), "--mode", "validate", "-c", DEPLOY / "envoy" / "envoy.yaml", cwd=shop.directory)
    assert "OK" in said and "deprecated" not in said.lower()


def test_json_makes_an_image(front):
    status, made = front.json("GenerateImage", {"spec": {"prompt": "Made with JSON", "size": {"width": 512, "height": 512}},
                                                "requestId": "json-1"})
    assert (status, made["generation"]["state"], made["generation"]["requestId"]) == (200, "GENERATION_STATE_SUCCEEDED", "json-1")
    url = made["generation"]["image"]["url"]
    assert read(http_get(url).body) == (512, 512)


def test_json_brings_the_bytes_of_an_inline_image(front):
    status, made = front.json("GenerateImage", {"spec": {"prompt": "Inline"}, "imageDelivery": "IMAGE_DELIVERY_INLINE"})
    assert status == 200
    assert read(base64.b64decode(made["imageData"])) == (1280, 1280)


def test_a_stream_comes_as_an_array(front):
    status, events = front.json("StreamGenerateImage", {"spec": {"prompt": "Streamed", "size": {"width": 512, "height": 512}}})
    assert status == 200
    assert events[-1]["generation"]["state"] == "GENERATION_STATE_SUCCEEDED"


def test_an_error_in_json_has_its_details(front):
    status, error = front.json("GenerateImage", {"spec": {"prompt": "", "size": {"width": 100, "height": 100}}})
    details = {detail["@type"].rsplit(".", 1)[1]: detail for detail in error["details"]}
    assert (status, error["code"], details["ErrorInfo"]["reason"]) == (400, 3, "INVALID_REQUEST")
    assert len(details["BadRequest"]["fieldViolations"]) == 2


def test_nonsense_is_refused_at_the_door(front):
    for path, body in ((METHOD + "GenerateImage", b'{"spec": {"prompt"'), (METHOD + "PaintImage", b"{}"),
                       (METHOD + "GenerateImage", b'{"spec": "a kitten"}'), (METHOD + "GenerateImage?colour=red", b"{}")):
        status, _, _ = front.post(path, body)
        assert 400 <= status < 500, (path, body)


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_a_browser_makes_an_image_with_grpc_web(front, text):
    request = api.GenerateImageRequest(spec=spec("From a browser", size=(512, 512)))
    (message,), trailers = web_call(front, "GenerateImage", request, text, Origin="http://localhost:3000")
    made = api.GenerateImageResponse.FromString(message)
    assert trailers["grpc-status"] == "0" and made.generation.image.width == 512


def test_an_error_reaches_a_browser_in_the_trailers(front):
    request = api.GetGenerationRequest(name="generations/none")
    status, headers, body = front.post(METHOD + "GetGeneration", struct.pack(">BI", 0, len(request.SerializeToString())) +
                                       request.SerializeToString(), Content_Type="application/grpc-web+proto", X_Grpc_Web="1")
    trailers = {name.lower(): value for name, value in headers.items()}
    for ends, content in frames(body):
        trailers |= dict(line.split(":", 1) for line in content.decode().split("\r\n") if line) if ends else {}
    assert status == 200 and trailers["grpc-status"] == "5" and "grpc-status-details-bin" in trailers


@pytest.mark.parametrize("origin, allowed", [("http://localhost:3000", True), ("https://elsewhere.example", False)])
def test_only_the_pages_that_are_named_may_call(front, origin, allowed):
    request = urllib.request.Request(front.origin + METHOD + "GenerateImage", method="OPTIONS", headers={
        "Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-grpc-web"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as reply:
            headers = {name.lower(): value for name, value in reply.headers.items()}
    except urllib.error.HTTPError as error:
        headers = {name.lower(): value for name, value in error.headers.items()}
    assert headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert ("x-grpc-web" in headers.get("access-control-allow-headers", "")) == allowed


def test_calls_are_spread_over_the_replicas(front):
    with grpc.insecure_channel(front.address, [("grpc.enable_http_proxy", 0)]) as channel:
        images = api_grpc.ImageServiceStub(channel)
        for _ in range(4 * REPLICAS):
            images.ListModels(api.ListModelsRequest(), timeout=PATIENCE)
    for service in front.services:
        assert service.sample("grpc_server_handled_total", grpc_type="unary", grpc_service="easel.v1.ImageService",
                              grpc_method="ListModels", grpc_code="OK") >= 3


def test_no_limit_of_envoys_cuts_a_call_short(front):
    """By the numbers: whatever ends a call must be the caller's deadline. A real wait would be longer than a test may take."""
    dump = json.loads(http_get(f"http://{front.admin}/config_dump").body)
    routes = json.dumps(dump)
    (listener,) = [one for config in dump["configs"] for one in config.get("dynamic_listeners", []) + config.get("static_listeners", [])]
    manager = json.loads(json.dumps(listener))["listener"]["filter_chains"][0]["filters"][0]["typed_config"]
    (route, *_) = manager["route_config"]["virtual_hosts"][0]["routes"]
    assert (route["route"]["timeout"], route["route"]["max_stream_duration"]["grpc_timeout_header_max"]) == ("0s", "0s")
    # 15 min to submit and 15 min to render.
    assert float(manager["stream_idle_timeout"].rstrip("s")) > 1800 and "easel_images" in routes


def test_a_replica_that_drains_gets_no_new_calls_and_finishes_its_own(shop):
    first = shop.easeld("draining", EASEL_SANDBOX_LATENCY_SCALE="0.2", EASEL_GRACE_PERIOD="60s")
    second = shop.easeld("staying")
    front = Front(shop, [first, second])
    with grpc.insecure_channel(front.address, [("grpc.enable_http_proxy", 0)]) as channel, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        images = api_grpc.ImageServiceStub(channel)
        running = [pool.submit(images.GenerateImage, api.GenerateImageRequest(spec=spec(f"Through the drain {number}", size=(512, 512))),
                               timeout=PATIENCE) for number in range(2)]
        until(lambda: sum(first.sample("easel_generations_in_flight", state=at) for at in ("submitting", "rendering")) >= 1, "work")
        first.signal(signal.SIGTERM)
        until(lambda: front.healthy() == 1, "Envoy to hear of it")
        for number in range(6):
            made = images.GenerateImage(api.GenerateImageRequest(spec=spec(f"Elsewhere {number}", size=(512, 512))), timeout=PATIENCE)
            assert made.generation.image.width == 512
        assert all(call.result().generation.image.width == 512 for call in running)
    assert first.wait() == 0


def test_with_no_replica_left_the_answer_is_quick_and_says_unavailable(shop):
    only = shop.easeld("only")
    front = Front(shop, [only])
    only.kill()
    until(lambda: front.healthy() == 0, "Envoy to notice")
    assert front.post(METHOD + "ListModels", b"{}")[0] == 503
    with grpc.insecure_channel(front.address, [("grpc.enable_http_proxy", 0)]) as channel:
        with pytest.raises(grpc.RpcError) as failed:
            api_grpc.ImageServiceStub(channel).ListModels(api.ListModelsRequest(), timeout=PATIENCE)
    assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
