"""easeld as a caller in another language meets it: stubs generated from proto/, and what tests say often."""
import concurrent.futures
import contextlib
import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import grpc

from processes import BIN, PATIENCE, Process, clean_environment

sys.path.insert(0, os.environ.get("EASEL_STUBS", "build/dev/tests/e2e/stubs"))

# pylint: disable=wrong-import-position
from easel.v1 import generation_pb2, image_pb2, model_pb2  # noqa: E402
from easel.v1 import image_service_pb2 as api  # noqa: E402
from easel.v1 import image_service_pb2_grpc as api_grpc  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402

HD, STANDARD = model_pb2.QUALITY_HD, model_pb2.QUALITY_STANDARD
FINISH, ABORT = generation_pb2.CANCEL_POLICY_FINISH_AND_KEEP, generation_pb2.CANCEL_POLICY_ABORT
INLINE = image_pb2.IMAGE_DELIVERY_INLINE
QUICK = {"EASEL_GRPC_LISTEN": "127.0.0.1:0", "EASEL_HTTP_LISTEN": "127.0.0.1:0", "EASEL_POLL_FIRST": "10ms",
         "EASEL_POLL_INTERVAL": "20ms", "EASEL_SANDBOX_LATENCY_SCALE": "0.02", "EASEL_GRACE_PERIOD": "5s", "EASEL_LOG_LEVEL": "debug"}


def spec(prompt, model="", size=None, quality=0, **more):
    made = image_pb2.ImageSpec(prompt=prompt, model=model, quality=quality, **more)
    if size:
        made.size.width, made.size.height = size
    return made


def state(generation):
    return generation_pb2.GenerationState.Name(generation.state).removeprefix("GENERATION_STATE_")


def charge(generation):
    return generation_pb2.ChargeState.Name(generation.charge.state).removeprefix("CHARGE_STATE_")


@dataclass
class Refusal:
    """What a caller reads out of a google.rpc.Status."""
    code: str
    message: str
    reason: str = ""
    domain: str = ""
    metadata: dict = field(default_factory=dict)
    violations: dict = field(default_factory=dict)
    retry_seconds: float = None


def read_status(status):
    read = Refusal({code.value[0]: code.name for code in grpc.StatusCode}[status.code], status.message)
    for detail in status.details:
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            read.reason, read.domain, read.metadata = info.reason, info.domain, dict(info.metadata)
        elif detail.Unpack(bad):
            read.violations = {one.field: one.description for one in bad.field_violations}
        elif detail.Unpack(retry):
            read.retry_seconds = retry.retry_delay.ToTimedelta().total_seconds()
    return read


def refusal_of(error):
    """Of an RpcError; the details travel as trailing metadata, as everywhere in gRPC."""
    status = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if status is None:
        return Refusal(error.code().name, error.details())
    read = read_status(status_pb2.Status.FromString(status))
    assert read.code == error.code().name and read.message == error.details(), "status and its details differ"
    return read


def refused(call, *arguments, **more):
    """Calls what must be refused, and returns how it was."""
    try:
        answer = call(*arguments, **more)
        answer = list(answer) if hasattr(answer, "__next__") else answer
    except grpc.RpcError as error:
        return refusal_of(error)
    raise AssertionError(f"it was not refused, and answered {answer}")


def together(count, action):
    """Runs action(0), action(1), ... at the same time."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(action, range(count)))


@dataclass
class HttpReply:
    status: int
    headers: dict
    body: bytes


def http_get(url, **headers):
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=PATIENCE) as reply:
            return HttpReply(reply.status, dict(reply.headers), reply.read())
    except urllib.error.HTTPError as error:
        return HttpReply(error.code, dict(error.headers), error.read())


class Waiting:
    """A GenerateImage that is waited for. Made as a stream of one, for Python's unary calls show no metadata before the end."""

    def __init__(self, call):
        self.call = call

    def name(self):
        """The generation's name, as soon as it is accepted."""
        return dict(self.call.initial_metadata())["easel-generation"]

    def waits(self):
        return self.call.is_active()

    def cancel(self):
        self.call.cancel()

    def result(self):
        return next(self.call)


class Service(Process):
    """A running easeld, and a channel to it. `upstream` has a base_url and a key; None is its own sandbox."""

    def __init__(self, directory, upstream=None, name="easeld", arguments=(), **settings):
        environment = {**QUICK, "EASEL_DATA_DIR": directory / "data"}
        if upstream is not None:
            environment |= {"ZAI_BASE_URL": upstream.base_url, "ZAI_API_KEY": upstream.key,
                            "EASEL_IMAGE_HOSTS": "127.0.0.1"}
        super().__init__(directory, name, [BIN / "easeld", *arguments],
                         clean_environment(directory, **{**environment, **settings}))
        addresses = self.wait_ready()
        self.address, self.http = addresses["grpc"], "http://" + addresses["http"]
        self.channel = grpc.insecure_channel(self.address, [("grpc.enable_http_proxy", 0)])
        self.images = api_grpc.ImageServiceStub(self.channel)
        self.call_generate = self.channel.unary_stream(
            "/easel.v1.ImageService/GenerateImage", api.GenerateImageRequest.SerializeToString,
            api.GenerateImageResponse.FromString)

    def generate(self, prompt, request_id="", delivery=0, policy=0, metadata=(), timeout=PATIENCE, **more):
        request = api.GenerateImageRequest(spec=spec(prompt, **more), request_id=request_id, image_delivery=delivery,
                                           cancel_policy=policy)
        return self.images.GenerateImage(request, metadata=metadata, timeout=timeout)

    def begin(self, prompt, request_id="", delivery=0, policy=0, **more):
        """As generate, without waiting for its end."""
        request = api.GenerateImageRequest(spec=spec(prompt, **more), request_id=request_id, image_delivery=delivery,
                                           cancel_policy=policy)
        return Waiting(self.call_generate(request, timeout=PATIENCE))

    def start(self, prompt, request_id="", policy=0, allow_resubmission=False, allow_fallback=False, **more):
        request = api.StartGenerationRequest(spec=spec(prompt, **more), request_id=request_id, cancel_policy=policy,
                                             allow_resubmission=allow_resubmission, allow_fallback=allow_fallback)
        return self.images.StartGeneration(request, timeout=PATIENCE).generation

    def refusal(self):
        """How it refuses new work; None while it takes it. Without a request_id, for a known one is never refused."""
        try:
            self.start("Too late")
            return None
        except grpc.RpcError as error:
            return refusal_of(error)

    def get(self, name, **more):
        return self.images.GetGeneration(api.GetGenerationRequest(name=name), timeout=PATIENCE, **more).generation

    def cancel(self, name, policy=0):
        request = api.CancelGenerationRequest(name=name, cancel_policy=policy)
        return self.images.CancelGeneration(request, timeout=PATIENCE).generation

    def list(self, **filters):
        request = api.ListGenerationsRequest(**filters)
        return list(self.images.ListGenerations(request, timeout=PATIENCE).generations)

    def watch(self, name, revision=0):
        request = api.WatchGenerationRequest(name=name, revision=revision)
        return self.images.WatchGeneration(request, timeout=PATIENCE)

    def end_of(self, name):
        """The generation when it has ended."""
        return list(self.watch(name))[-1].generation

    def reach(self, name, wanted):
        """Waits, by watching, until the generation is in that state."""
        with contextlib.closing(_Cancelling(self.watch(name))) as stream:
            for reply in stream.call:
                if state(reply.generation) == wanted:
                    return reply.generation
        raise AssertionError(f"it ended without being {wanted}: {reply.generation}")

    def read_image(self, name, offset=0):
        request = api.ReadImageRequest(name=name, read_offset=offset)
        return [reply.image_chunk for reply in self.images.ReadImage(request, timeout=PATIENCE)]

    def metrics(self):
        return http_get(self.http + "/metrics").body.decode()

    def sample(self, name, **labels):
        """The value of the one series of this name with exactly these labels; None if it is not there."""
        for line in self.metrics().splitlines():
            found = re.fullmatch(re.escape(name) + r"(?:\{(.*)\})? (\S+)", line)
            if found and dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) == labels:
                return float(found[2])
        return None

    def stop(self):
        self.channel.close()
        super().stop()


class _Cancelling:
    def __init__(self, call):
        self.call = call

    def close(self):
        self.call.cancel()


class Sandbox(Process):
    """`easeld sandbox` alone: the local Z.AI."""
    key = "sandbox-key-0123456789abcdef"

    def __init__(self, directory, name="sandbox", scale="0.01", arguments=()):
        super().__init__(directory, name, [BIN / "easeld", "sandbox", "--listen", "127.0.0.1:0", "--latency-scale", scale,
                                           "--key", self.key, *arguments], clean_environment(directory))
        self.origin = "http://" + self.wait_ready()["http"]
        self.base_url = self.origin + "/api/paas/v4"

    def ledger(self):
        return json.loads(http_get(self.origin + "/sandbox/ledger").body)

    def entries(self, prompt):
        digest = hashlib.sha256(prompt.encode()).hexdigest()
        return [entry for entry in self.ledger()["entries"] if entry["prompt_sha256"] == digest]
