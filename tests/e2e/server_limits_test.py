"""What one peer may take of the service: size of requests, calls on a connection, its age, its silence, its slowness."""
import contextlib
import os
import socket
import struct
import time

import grpc
import png
from fake_zai import Hold, Reply
from processes import until
from service import ABORT, api, api_grpc, refused, spec

ALONE = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


def raw_connection(service):
    host, port = service.address.rsplit(":", 1)
    return contextlib.closing(socket.create_connection((host, int(port)), 60))


def frames(connection):
    """The types and payloads of HTTP/2 frames until the peer closes."""
    data = b""
    while True:
        while len(data) >= 9:
            length, kind = int.from_bytes(data[:3], "big"), data[3]
            if len(data) < 9 + length:
                break
            yield kind, data[9:9 + length]
            data = data[9 + length:]
        piece = connection.recv(65536)
        if not piece:
            return
        data += piece


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS, GOAWAY = 4, 7


def test_a_request_fits_the_longest_prompt_and_not_much_more(workshop):
    service = workshop.easeld()
    assert service.images.QuoteImage(api.QuoteImageRequest(spec=spec("x" * 65536)), timeout=60).cost_micros
    told = refused(service.images.QuoteImage, api.QuoteImageRequest(spec=spec("x" * 65537)), timeout=60)
    assert told.code == "INVALID_ARGUMENT"
    told = refused(service.images.QuoteImage, api.QuoteImageRequest(spec=spec("x" * 300_000)), timeout=60)
    assert told.code == "RESOURCE_EXHAUSTED"
    larger = workshop.easeld(name="larger", EASEL_GRPC_MAX_REQUEST_BYTES="1MiB", EASEL_STORE="memory", EASEL_IMAGES="memory")
    assert refused(larger.images.QuoteImage, api.QuoteImageRequest(spec=spec("x" * 300_000)), timeout=60).code == "INVALID_ARGUMENT"


def test_the_number_of_calls_on_a_connection_is_told(workshop):
    service = workshop.easeld(EASEL_GRPC_MAX_CONCURRENT_STREAMS="3")
    with raw_connection(service) as connection:
        connection.sendall(PREFACE)
        (settings,) = [payload for kind, payload in _first(frames(connection), SETTINGS)]
        values = dict(struct.unpack(">HI", settings[at:at + 6]) for at in range(0, len(settings), 6))
    assert values[3] == 3  # SETTINGS_MAX_CONCURRENT_STREAMS


def _first(stream, wanted):
    for kind, payload in stream:
        if kind == wanted:
            return [(kind, payload)]
    raise AssertionError(f"no frame of type {wanted}")


def test_further_calls_wait_for_their_turn_on_the_connection(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRPC_MAX_CONCURRENT_STREAMS="2")
    held = Hold()
    zai.script("Held", poll=[held])
    name = service.start("Held").name
    with grpc.insecure_channel(service.address, ALONE) as channel:
        images = api_grpc.ImageServiceStub(channel)
        watching = [images.WatchGeneration(api.WatchGenerationRequest(name=name), timeout=60) for _ in range(2)]
        for call in watching:
            next(call)
        waiting = images.GetGeneration.future(api.GetGenerationRequest(name=name), timeout=60)
        assert service.get(name).name == name, "another connection is served"
        assert not waiting.done()
        watching[0].cancel()
        assert waiting.result().generation.name == name
    held.release()


def test_an_old_connection_is_asked_to_go_and_its_calls_may_end(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRPC_MAX_CONNECTION_AGE="1s", EASEL_GRPC_MAX_CONNECTION_AGE_GRACE="60s")
    held = Hold()
    zai.script("Outliving", poll=[held])
    with grpc.insecure_channel(service.address, ALONE) as channel:
        images = api_grpc.ImageServiceStub(channel)
        request = api.GenerateImageRequest(spec=spec("Outliving"), cancel_policy=ABORT)
        waiting = images.GenerateImage.future(request, timeout=60)
        assert held.entered.wait(60)
        with raw_connection(service) as connection:
            connection.sendall(PREFACE)
            _first(frames(connection), GOAWAY)
        assert images.ListModels(api.ListModelsRequest(), timeout=60).models
        held.release()
        assert waiting.result().generation.image.url


def test_an_idle_connection_is_closed(workshop):
    service = workshop.easeld(EASEL_GRPC_MAX_CONNECTION_IDLE="1s")
    with raw_connection(service) as connection:
        connection.sendall(PREFACE)
        kinds = [kind for kind, _ in frames(connection)]  # until it closes
    assert GOAWAY in kinds


def test_a_silent_peer_is_noticed(workshop):
    service = workshop.easeld(EASEL_GRPC_KEEPALIVE_TIME="1s", EASEL_GRPC_KEEPALIVE_TIMEOUT="1s")
    with raw_connection(service) as connection:
        connection.sendall(PREFACE)
        list(frames(connection))  # answers no ping, and is closed


def test_who_never_says_hello_is_cut(workshop):
    service = workshop.easeld()
    with raw_connection(service) as connection:
        began = time.monotonic()
        list(frames(connection))
        assert time.monotonic() - began < 60


def http_connection(service):
    host, port = service.http.removeprefix("http://").rsplit(":", 1)
    return contextlib.closing(socket.create_connection((host, int(port)), 60))


def test_a_head_that_comes_by_drops_is_cut(workshop):
    service = workshop.easeld()
    with http_connection(service) as slow, http_connection(service) as other:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")

        def cut():
            try:
                slow.sendall(b"X: y\r\n")
                slow.settimeout(0.2)
                return slow.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert other.recv(4096).startswith(b"HTTP/1.1 200")
        until(cut, "the end of a head that never ends", patience=30)


def memory(service):
    """Resident bytes."""
    with open(f"/proc/{service.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def test_readers_who_do_not_read_hold_little(workshop, zai):
    readers, megabyte = 40, 1024 * 1024
    zai.script("Large", image=[Reply(200, png.noise(1024, 1024), {"Content-Type": "image/png"})])
    # What a sanitizer keeps of freed memory is not the service's.
    service = workshop.easeld(zai, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
    generation = service.generate("Large", size=(1024, 1024)).generation
    assert generation.image.size_bytes > 3 * megabyte
    before = memory(service)
    with contextlib.ExitStack() as stack:
        calls = []
        for _ in range(readers):
            channel = stack.enter_context(grpc.insecure_channel(service.address, ALONE))
            calls.append(api_grpc.ImageServiceStub(channel).ReadImage(api.ReadImageRequest(name=generation.name), timeout=60))
        for call in calls:
            next(call)
        assert memory(service) - before < readers * megabyte, "each would hold the whole image otherwise"
        for call in calls:
            call.cancel()
    assert service.get(generation.name).image.url
