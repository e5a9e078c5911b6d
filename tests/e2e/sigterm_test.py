"""SIGTERM with a house full of callers: everyone hears of it, nobody holds it up, a second signal ends it at once."""
import contextlib
import signal
import socket
import threading

import grpc
import png
import pytest
from channelz.v1 import channelz_pb2, channelz_pb2_grpc
from fake_zai import Hold, Reply
from health.v1 import health_pb2, health_pb2_grpc
from processes import until
from service import api, charge, refusal_of, state

IMAGE_SERVICE = "easel.v1.ImageService"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
COGVIEW = "cogview-4-250304"
LONG = {"EASEL_GRACE_PERIOD": "1h", "EASEL_UPSTREAM_CONCURRENCY_START": 8}
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def begin_rendering(service, zai, prompt, **more):
    held = Hold()
    zai.script(prompt, poll=[held])
    return held, service.reach(service.start(prompt, **more).name, "RENDERING").name


def drain(service, number=signal.SIGTERM):
    service.signal(number)
    until(lambda: '"draining"' in service.log(), "the beginning of the drain")


class Crowd:
    """Many streams on a few connections, each followed to its end by gRPC's own threads."""

    def __init__(self, service, connections):
        options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
        self.channels = [grpc.insecure_channel(service.address, options) for _ in range(connections)]
        self.streams = []

    def channel(self, number):
        return self.channels[number % len(self.channels)]

    def watch(self, name, count):
        """Watchers who have all been answered once."""
        for number in range(count):
            stub = self.channel(number).unary_stream("/easel.v1.ImageService/WatchGeneration",
                                                     api.WatchGenerationRequest.SerializeToString,
                                                     api.WatchGenerationResponse.FromString)
            self.streams.append(stub(api.WatchGenerationRequest(name=name)))
        for stream in self.streams[-count:]:
            next(stream)

    def health(self, count):
        streams = [health_pb2_grpc.HealthStub(self.channel(number)).Watch(
            health_pb2.HealthCheckRequest(service=IMAGE_SERVICE)) for number in range(count)]
        assert all(next(stream).status == SERVING for stream in streams)
        return streams

    def ends(self):
        """How each stream ended: the code, and the reason where there is one."""
        found = []
        for stream in self.streams:
            try:
                last = None
                for last in stream:
                    pass
                found.append(("OK", state(last.generation)))
            except grpc.RpcError as error:
                found.append((error.code().name, refusal_of(error).reason))
        return found

    def close(self):
        for channel in self.channels:
            channel.close()


@contextlib.contextmanager
def crowd(service, connections=20):
    one = Crowd(service, connections)
    try:
        yield one
    finally:
        one.close()


def test_a_thousand_watchers_see_the_end_inside_the_grace_period(workshop, zai):
    service = workshop.easeld(zai, **LONG)
    held, name = begin_rendering(service, zai, "Watched by many")
    with crowd(service) as many:
        many.watch(name, 900)
        health = many.health(100)
        drain(service)
        assert all(next(stream).status == NOT_SERVING for stream in health)
        held.release()
        assert many.ends() == [("OK", "SUCCEEDED")] * 900
        assert service.wait() == 0
    assert zai.charged("Watched by many") == 1


def test_a_thousand_watchers_are_told_when_the_grace_period_is_over(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="0s")
    held, name = begin_rendering(service, zai, "Not in time")
    with crowd(service) as many:
        many.watch(name, 900)
        many.health(100)
        service.signal(signal.SIGTERM)
        ends = many.ends()
        assert service.wait() == 0
    assert set(ends) == {("UNAVAILABLE", "SHUTTING_DOWN")}
    held.release()
    assert state(workshop.easeld(zai).end_of(name)) == "SUCCEEDED"


class DeafReader:
    """A caller that asks for much and never reads: a bare HTTP/2 connection, whose windows fill up."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect((host, int(port)))
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(4, 0, 0, b""))

    @staticmethod
    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    @staticmethod
    def literal(name, value):
        return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value

    def call(self, method, message, stream):
        headers = ((b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/easel.v1.ImageService/" + method),
                   (b":authority", b"localhost"), (b"content-type", b"application/grpc"), (b"te", b"trailers"))
        body = message.SerializeToString()
        self.socket.sendall(self.frame(1, 4, stream, b"".join(self.literal(*one) for one in headers)) +
                            self.frame(0, 1, stream, b"\0" + len(body).to_bytes(4, "big") + body))

    def close(self):
        self.socket.close()


def calls(service):
    """How many calls gRPC itself says were begun and not ended yet."""
    channelz = channelz_pb2_grpc.ChannelzStub(service.channel)
    (server,) = channelz.GetServers(channelz_pb2.GetServersRequest(), timeout=60).server
    return server.data.calls_started - server.data.calls_succeeded - server.data.calls_failed


@pytest.mark.parametrize("hasty", [False, True], ids=["patient", "hasty"])
def test_readers_that_do_not_read_hold_nobody_up(workshop, zai, hasty):
    service = workshop.easeld(zai, **(LONG if hasty else {"EASEL_GRACE_PERIOD": "0s"}))
    zai.script("Read by nobody", image=[Reply(200, png.noise(1280, 1280), {"Content-Type": "image/png"})])
    image = service.generate("Read by nobody").generation.name
    held, name = begin_rendering(service, zai, "Watched by nobody")
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            reader = DeafReader(service.address)
            stack.callback(reader.close)
            for number in range(10):
                reader.call(b"ReadImage", api.ReadImageRequest(name=image), 4 * number + 1)
                reader.call(b"WatchGeneration", api.WatchGenerationRequest(name=name), 4 * number + 3)
        until(lambda: calls(service) > 400, "calls that are stuck")
        if hasty:
            drain(service)
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    held.release()
    assert state(workshop.easeld(zai).end_of(name)) == "SUCCEEDED"


@pytest.mark.parametrize("first", SIGNALS, ids=lambda one: one.name)
@pytest.mark.parametrize("second", SIGNALS, ids=lambda one: one.name)
def test_a_second_signal_ends_it_while_nothing_is_finished(workshop, zai, first, second):
    service = workshop.easeld(zai, **LONG)
    names = []
    posting = Hold()
    zai.script("Being sent", submit=[posting])
    for number in range(3):
        names.append(begin_rendering(service, zai, f"Endless {number}")[1])
    sent = service.start("Being sent", model=COGVIEW).name
    assert posting.entered.wait(60)
    with crowd(service) as many:
        for name in names:
            many.watch(name, 100)
        drain(service, first)
        service.signal(second)
        assert service.wait() == 0
        # In so short a time not everyone is told why.
        assert {code for code, _ in many.ends()} == {"UNAVAILABLE"}
    assert '"second signal"' in service.log()
    for hold in zai.holds:
        hold.release()
    again = workshop.easeld(zai)
    assert [state(again.end_of(name)) for name in names] == ["SUCCEEDED"] * 3
    assert [zai.charged(f"Endless {number}") for number in range(3)] == [1] * 3
    last = again.end_of(sent)
    assert (state(last), charge(last), len(zai.submissions_of("Being sent"))) == ("FAILED", "UNKNOWN", 1)


def test_a_second_signal_right_behind_the_first_counts(workshop, zai):
    service = workshop.easeld(zai, **LONG)
    held, name = begin_rendering(service, zai, "Endless")
    service.signal(signal.SIGTERM)
    service.signal(signal.SIGINT)
    assert service.wait() == 0
    held.release()
    assert state(workshop.easeld(zai).end_of(name)) == "SUCCEEDED"


def test_however_often_it_is_told_it_ends_well(workshop):
    service = workshop.easeld()
    while service.running():
        service.signal(signal.SIGTERM)
    assert service.wait() == 0


def test_callers_that_come_during_the_drain_are_refused_and_known_ones_answered(workshop, zai):
    service = workshop.easeld(zai, **LONG)
    held, name = begin_rendering(service, zai, "Known", request_id="known")
    drain(service)
    told = []

    def come(number):
        try:
            service.start(f"New {number}", request_id=f"new-{number}")
        except grpc.RpcError as error:
            told.append(refusal_of(error).reason)

    told_first = until(service.refusal, "the refusal of new work")
    assert told_first.reason == "SHUTTING_DOWN"
    threads = [threading.Thread(target=come, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["SHUTTING_DOWN"] * 20
    assert service.start("Known", request_id="known").name == name
    assert service.get(name).name == name
    watching = service.watch(name)
    next(watching)  # who came after the end would find nobody
    held.release()
    assert state(list(watching)[-1].generation) == "SUCCEEDED"
    assert service.wait() == 0
    assert not any(zai.submissions_of(f"New {number}") for number in range(20))
    assert len(zai.submissions_of("Known")) == 1
