"""A rolling update under load: two instances behind one channel, each ended and started again while calls run."""
import pathlib
import signal
import threading
import time

import grpc
import pytest
from processes import PATIENCE
from service import api, api_grpc, spec

CONFIG = pathlib.Path(__file__).parents[2] / "client" / "easel" / "service_config.json"


class Pair:
    """Two instances, at the same addresses before and after."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.instances = [self.begin(number, "127.0.0.1:0") for number in (0, 1)]
        self.addresses = [instance.address for instance in self.instances]

    def begin(self, number, address):
        directory = self.workshop.directory
        return self.workshop.easeld(name=f"instance-{number}", EASEL_DATA_DIR=directory / f"data-{number}", EASEL_GRPC_LISTEN=address,
                                    EASEL_GRACE_PERIOD="20s")

    def roll(self, number):
        """Ends one as an orchestrator does, and starts its successor."""
        old = self.instances[number]
        old.signal(signal.SIGTERM)
        assert old.popen.wait(PATIENCE) == 0
        self.instances[number] = self.begin(number, self.addresses[number])

    def channel(self):
        return grpc.insecure_channel("ipv4:" + ",".join(self.addresses), [
            ("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1), ("grpc.service_config", CONFIG.read_text()),
            ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 500)])


class Load:
    """Threads that call until they are told to stop, and remember every failure that reached them."""

    def __init__(self, channel, work, threads=4):
        self.images, self.work = api_grpc.ImageServiceStub(channel), work
        self.stopped, self.done, self.failures = threading.Event(), [0] * threads, []
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        while not self.stopped.is_set():
            try:
                self.work(self.images, f"{number}-{self.done[number]}")
                self.done[number] += 1
            except (grpc.RpcError, AssertionError) as problem:
                self.failures.append(problem)

    def more(self, count):
        """Waits until every thread has done so many calls more."""
        wanted = [done + count for done in self.done]
        deadline = time.monotonic() + PATIENCE
        while any(done < want for done, want in zip(self.done, wanted)) and not self.failures:
            assert time.monotonic() < deadline, f"{self.done} of {wanted}"
            self.stopped.wait(0.01)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        return self.failures


def quote(images, _):
    assert images.QuoteImage(api.QuoteImageRequest(spec=spec("A cat")), timeout=60).cost_micros


def listing(images, _):
    images.ListGenerations(api.ListGenerationsRequest(), timeout=60)


def generate(images, number):
    request = api.GenerateImageRequest(spec=spec("A cat", size=(512, 512)), request_id=f"rolled-{number}")
    assert images.GenerateImage(request, timeout=60).generation.image.url


@pytest.mark.parametrize("work", [quote, listing, generate])
def test_no_call_fails_while_instances_are_rolled(workshop, work):
    pair = Pair(workshop)
    with pair.channel() as channel:
        load = Load(channel, work)
        try:
            load.more(5)
            for number in (0, 1, 0):
                pair.roll(number)
                load.more(5)
        finally:
            failures = load.stop()
    assert not failures, failures[:3]
    assert sum(load.done) > 40
