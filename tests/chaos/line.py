"""A caller's line to easeld: one call at a time, and what it told is written into the book."""
import re
import threading
import time
from dataclasses import dataclass

import grpc
from service import Refusal, api, refusal_of, state, status_pb2
from easel.v1 import error_pb2

REASONS = {name.removeprefix("ERROR_REASON_") for name in error_pb2.ErrorReason.keys()}
# What these say is about one generation, so they say what it cost.
SPEAKS_OF_A_GENERATION = re.compile(r"UPSTREAM_|CONTENT_BLOCKED|OUTCOME_UNKNOWN|IMAGE_INVALID|IMAGE_UNAVAILABLE|QUEUE_TIMEOUT|"
                                    r"GENERATION_CANCELLED")
# What gRPC's own client says of a broken wire or of its own caller's wish.
WIRE_CODES = ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")
WIRE_WORDS = re.compile(r"Socket closed|onnect|ecvmsg|Broken pipe|GOAWAY|goaway|Stream removed|RST_STREAM|Channel closed|"
                        r"[Cc]ancel|Deadline Exceeded|transport|keepalive|EOF|FD [Ss]hutdown|Too many pings|HTTP2|"
                        r"Missing :status|Stream closed|end of stream|Transport closed")
OPTIONS = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 50),
           # How long a connection may take to come about, whatever its name says.
           ("grpc.min_reconnect_backoff_ms", 2000), ("grpc.max_reconnect_backoff_ms", 400),
           ("grpc.lb_policy_name", "round_robin"), ("grpc.max_receive_message_length", 64 << 20)]


@dataclass
class Told:
    """How a call ended: `refusal` is easeld's own word, `wire` what broke on the way; neither: it went well."""
    replies: list
    refusal: Refusal = None
    wire: str = ""

    @property
    def good(self):
        return self.refusal is None and not self.wire

    @property
    def reason(self):
        return self.refusal.reason if self.refusal else ""

    @property
    def may_repeat(self):
        """By README's rules: after UNAVAILABLE, whatever carries RetryInfo, and one's own deadline."""
        return bool(self.wire) or (self.refusal is not None and
                                   (self.refusal.code == "UNAVAILABLE" or self.refusal.retry_seconds is not None))


class Line:
    def __init__(self, address, caller, book):
        self.caller, self.book = caller, book
        self.channel = grpc.insecure_channel(address, OPTIONS)

    def close(self):
        self.channel.close()

    def call(self, request, rpc, message, timeout, vanish_after=None, note=None):
        """Any RPC, as a stream: unary calls of Python's show no metadata before their end."""
        floor = request.revision
        begun = self.channel.unary_stream(f"/easel.v1.ImageService/{rpc}", type(message).SerializeToString,
                                          getattr(api, rpc + "Response").FromString)(
                                              message, metadata=[("easel-caller", self.caller)], timeout=timeout)
        timer = threading.Timer(vanish_after, begun.cancel) if vanish_after is not None else None
        if timer:
            timer.start()
        told = self._listen(request, begun, floor)
        if timer:
            timer.cancel()
        self._write(request, rpc, told, begun, note)
        return told

    def _listen(self, request, begun, floor):
        replies = []
        try:
            for reply in begun:
                replies.append(reply)
                if hasattr(reply, "generation") and reply.HasField("generation"):
                    self.book.saw(request, reply.generation, floor)
                    floor = max(floor, reply.generation.revision)
        except grpc.RpcError as error:
            return self._trouble(request, error, replies)
        return Told(replies)

    def _trouble(self, request, error, replies):
        hasty = error.code().name in ("CANCELLED", "DEADLINE_EXCEEDED")  # may have overtaken the answer, and kept its details
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if details and not (hasty and status_pb2.Status.FromString(details).code != error.code().value[0]):
            refusal = refusal_of(error)
            self._check(request, refusal)
            return Told(replies, refusal=refusal)
        code, words = error.code().name, error.details() or ""
        if code not in WIRE_CODES and not WIRE_WORDS.search(words) or code == "UNAVAILABLE" and not WIRE_WORDS.search(words):
            self.book.wrong(request, f"an error without a reason: {code}: {words}")
        return Told(replies, wire=f"{code}: {words}"[:300])

    def _check(self, request, refusal):
        if refusal.domain != "easel" or refusal.reason not in REASONS:
            self.book.wrong(request, f"an error without a reason: {refusal}")
        if SPEAKS_OF_A_GENERATION.match(refusal.reason) and "charge_state" not in refusal.metadata:
            self.book.wrong(request, f"an error without a charge: {refusal}")
        if refusal.reason in ("INTERNAL", "IMAGE_LOST"):
            self.book.wrong(request, f"{refusal.reason}: {refusal.message}")
        if refusal.reason == "IMAGE_EXPIRED" and request.last.expire_time.ToMilliseconds() > 1000 * time.time():
            self.book.wrong(request, "its image is gone before its time")
        # What is recorded and goes on may be asked for again: the same request_id is the same generation.
        if refusal.reason != "SHUTTING_DOWN" and refusal.metadata.get("charge_state", "NONE") != "NONE" and \
                (refusal.code == "UNAVAILABLE" or refusal.retry_seconds is not None):
            self.book.wrong(request, f"asked to repeat what may have been charged: {refusal}")

    def _write(self, request, rpc, told, begun, note):
        name = dict(begun.initial_metadata() or ()).get("easel-generation")
        if name:
            self.book.named(request, name)
        shown = [reply.generation for reply in told.replies if hasattr(reply, "generation") and reply.HasField("generation")]
        outcome = told.reason or told.wire or "OK"
        self.book.count(f"{rpc} {told.reason or told.wire.split(':')[0] or 'OK'}")
        self.book.note(request, rpc, told=outcome, name=name or (shown[-1].name if shown else None), note=note,
                       state=state(shown[-1]) if shown else None, revision=shown[-1].revision if shown else None,
                       charge=(told.refusal.metadata.get("charge_state") if told.refusal else None))
