"""What the callers saw: a journal of every call, and for every request what it was promised."""
import collections
import json
import threading
import time
from dataclasses import dataclass, field

from service import state

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass
class Request:
    """One (caller, request_id)."""
    key: str
    caller: str
    request_id: str
    allow_resubmission: bool
    may_be_cancelled: bool = False  # by the cancel policy of one of its calls, or by CancelGeneration
    deletion: str = ""  # "asked", "done"
    names: set = field(default_factory=set)
    last: object = None  # the newest Generation that was seen
    digest: str = ""  # of the image, once it was seen to be SUCCEEDED
    kept_at: int = 0  # the revision that this was
    wrongs: list = field(default_factory=list)
    history: list = field(default_factory=list)

    @property
    def name(self):
        return next(iter(self.names), "")

    @property
    def revision(self):
        return self.last.revision if self.last is not None else 0


class Book:
    """For all threads."""

    def __init__(self, path):
        self.lock = threading.RLock()
        self.file = open(path, "w", encoding="utf-8", buffering=1)
        self.began = time.monotonic()
        self.requests, self.troubles, self.calls = {}, [], collections.Counter()

    def seconds(self):
        return time.monotonic() - self.began

    def request(self, plan, caller):
        with self.lock:
            return self.requests.setdefault(
                plan.key, Request(plan.key, caller, plan.request_id, plan.allow_resubmission))

    def note(self, request, what, **facts):
        line = {"at": round(self.seconds(), 3), "request": request.key if request else None, "what": what,
                **{name: fact for name, fact in facts.items() if fact not in (None, "")}}
        with self.lock:
            self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if request:
                request.history.append(line)

    def wrong(self, request, text):
        """A promise was broken."""
        self.note(request, "WRONG", text=text)
        with self.lock:
            if text not in request.wrongs:
                request.wrongs.append(text)

    def trouble(self, text):
        """Something went wrong that belongs to no one request."""
        self.note(None, "TROUBLE", text=text)
        with self.lock:
            self.troubles.append(text)

    def named(self, request, name):
        with self.lock:
            new = name not in request.names
            request.names.add(name)
        if new and len(request.names) > 1:
            self.wrong(request, f"two generations for one request_id: {sorted(request.names)}")

    def saw(self, request, generation, floor):
        """`floor`: the revision that was already known when the call began, or that this stream has shown."""
        self.named(request, generation.name)
        with self.lock:
            before = request.last
            if before is None or generation.revision >= before.revision:
                request.last = generation
        if generation.revision < floor:
            self.wrong(request, f"revision {generation.revision} ({state(generation)}) after revision {floor} was shown")
        if state(generation) == "SUCCEEDED":
            self._saw_image(request, generation)
        elif request.digest and generation.revision > request.kept_at:
            self.wrong(request, f"{state(generation)} after it had SUCCEEDED")

    def _saw_image(self, request, generation):
        digest = generation.image.sha256
        if request.digest and request.digest != digest:
            self.wrong(request, f"the image was {request.digest[:12]} and is {digest[:12]}")
        request.digest, request.kept_at = digest, generation.revision

    def count(self, what):
        with self.lock:
            self.calls[what] += 1

    def accepted(self):
        with self.lock:
            return [request for request in self.requests.values() if request.names]
