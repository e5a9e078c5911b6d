"""Callers: each carries out one plan after the other, as patient, hasty, doubtful and forgetful people do."""
import hashlib
import http.client
import random
import threading
import time
import urllib.error

import plan as plans
from book import ENDED
from line import Line
from service import ABORT, INLINE, api, http_get, state, together

PATIENCE = 30  # seconds of a call that only asks
TRIES = 6


class Caller:
    """One lane of a caller: requests of its own, one after the other, until `closing` is set."""

    def __init__(self, book, address, seed, caller, lane, mix, closing):
        self.name = f"{caller}/{lane}"
        self.thread = threading.Thread(target=self.run, name=self.name, daemon=True)
        self.book, self.seed, self.caller, self.lane, self.mix, self.closing = book, seed, caller, lane, mix, closing
        self.line = Line(address, caller, book)
        self.pauses = random.Random(f"{seed}/{caller}/{lane}/pauses")
        self.thrown = {}

    def run(self):
        number = 0
        try:
            while not self.closing.is_set():
                plan = self.plan(number)
                if plan.fault:
                    self.thrown[plan.fault] = self.thrown.get(plan.fault, 0) + 1
                getattr(self, plan.kind)(plan, self.book.request(plan, self.caller))
                number += 1
        except ValueError as error:  # a closed channel
            if not self.closing.is_set():
                self.book.trouble(f"caller {self.name}: {error}")
        except Exception as error:  # pylint: disable=broad-except
            self.book.trouble(f"caller {self.name} stopped: {error!r}")

    def plan(self, number):
        return plans.make(self.seed, self.caller, self.lane, number, self.mix)

    def rest(self, least=0.02, most=0.5):
        self.closing.wait(self.pauses.uniform(least, most))

    # The calls that make an image.

    def ask(self, plan, request, rpc=None, timeout=None, vanish_after=None, note=None, prompt=None):
        rpc = rpc or plan.rpc
        message = getattr(api, rpc + "Request")(spec=plan.spec(prompt), request_id=plan.request_id, cancel_policy=plan.policy,
                                                allow_resubmission=plan.allow_resubmission, allow_fallback=plan.allow_fallback)
        if rpc != "StartGeneration":
            if plan.policy == ABORT:
                request.may_be_cancelled = True
            if plan.inline:
                message.image_delivery = INLINE
        told = self.line.call(request, rpc, message, timeout or plan.patience, vanish_after, note)
        if told.good and plan.inline and rpc != "StartGeneration" and not request.last.image.HasField("remove_time"):
            self.check_inline(request, told.replies)
        return told

    def insist(self, plan, request, rpc=None, note=None):
        """Repeats for as long as a caller is told that it may, or its wire breaks."""
        for _ in range(TRIES):
            told = self.ask(plan, request, rpc, note=note)
            if not told.may_repeat or self.closing.is_set():
                return told
            self.rest()
        return told

    def check_inline(self, request, replies):
        digest, size = hashlib.sha256(), 0
        for reply in replies:
            data = reply.image_data if hasattr(reply, "image_data") else reply.image_chunk.data
            digest.update(data)
            size += len(data)
        if digest.hexdigest() != request.last.image.sha256:
            self.book.wrong(request, f"the {size} inline bytes are not the image {request.last.image.sha256[:12]}")

    def follow(self, plan, request):
        """Watches until the end, taking up a broken stream where it broke."""
        for _ in range(TRIES):
            message = api.WatchGenerationRequest(name=request.name, revision=request.revision)
            told = self.line.call(request, "WatchGeneration", message, plan.patience)
            if told.good and (request.last is None or state(request.last) not in ENDED):
                self.book.wrong(request, "a watch ended well before the generation did")
            if not told.may_repeat or self.closing.is_set():
                return
            self.rest()

    def look(self, request):
        """What GetGeneration says, once it says anything; None if it never does."""
        for _ in range(TRIES):
            told = self.line.call(request, "GetGeneration", api.GetGenerationRequest(name=request.name), PATIENCE)
            if told.good:
                return told.replies[0].generation
            if not told.may_repeat or self.closing.is_set():
                return None
            self.rest()
        return None

    # The kinds of plan.

    def generate(self, plan, request):
        self.insist(plan, request, "GenerateImage")

    def stream(self, plan, request):
        self.insist(plan, request, "StreamGenerateImage")

    def start(self, plan, request):
        self.insist(plan, request, "StartGeneration")
        if request.names and not self.closing.is_set():
            self.follow(plan, request)

    def duplicates(self, plan, request):
        """The same from three sides at once, and once more later."""
        together(3, lambda i: self.ask(plan, request, plans.CALLS[(i + plan.number) % 3], note=f"at once {i}"))
        self.rest()
        if not self.closing.is_set():
            self.insist(plan, request, note="later")

    def conflict(self, plan, request):
        self.insist(plan, request, "StartGeneration")
        if not request.names or self.closing.is_set():
            return
        told = self.ask(plan, request, "StartGeneration", prompt=plan.prompt + ", but other", note="other content")
        if told.good:
            self.book.wrong(request, "other content was taken for the same request_id")

    def cancel(self, plan, request):
        self.insist(plan, request, "StartGeneration")
        self.closing.wait(plan.moment)
        request.may_be_cancelled = True
        for _ in range(TRIES):
            if not request.names or self.closing.is_set():
                return
            message = api.CancelGenerationRequest(name=request.name, cancel_policy=plan.policy)
            if not self.line.call(request, "CancelGeneration", message, PATIENCE).may_repeat:
                return
            self.rest()

    def vanish(self, plan, request):
        self.ask(plan, request, plan.rpc, vanish_after=plan.moment, note=f"vanishes after {plan.moment:.2f} s")
        if plan.number % 2 and not self.closing.is_set():
            self.rest(0, 1.5)
            self.insist(plan, request, note="is back")

    def hurry(self, plan, request):
        """A deadline that may be too short."""
        self.ask(plan, request, plan.rpc, timeout=max(0.005, plan.moment), note=f"deadline {plan.moment:.2f} s")
        if plan.number % 2 and not self.closing.is_set():
            self.insist(plan, request, note="takes its time")

    def revisit(self, plan, request):
        """Comes back to an older request: the same image, by another way."""
        older = self.plan(plan.older)
        request = self.book.request(older, self.caller)
        if older.kind in ("delete", "revisit", "burst"):
            return
        if plan.number % 3:
            self.insist(older, request, plan.rpc, note="repeated")
        elif request.digest:
            self.read(request, plan.number)

    def read(self, request, number):
        size = request.last.image.size_bytes
        offset = (0, size // 3, size)[number % 3]
        told = self.line.call(request, "ReadImage", api.ReadImageRequest(name=request.name, read_offset=offset), PATIENCE,
                              note=f"from {offset}")
        if told.good:
            data = b"".join(reply.image_chunk.data for reply in told.replies)
            if len(data) != size - offset or (not offset and hashlib.sha256(data).hexdigest() != request.digest):
                self.book.wrong(request, f"ReadImage from {offset} gave {len(data)} bytes that are not the image")
        elif told.reason in ("GENERATION_NOT_FOUND", "NO_IMAGE", "GENERATION_NOT_ENDED"):
            self.book.wrong(request, f"ReadImage: {told.reason}")
        generation = self.look(request)
        if generation is not None and generation.image.url:
            self.read_url(request, generation.image.url)

    def read_url(self, request, url):
        try:
            reply = http_get(url)
        except (OSError, http.client.HTTPException, urllib.error.URLError):
            return  # it has been killed meanwhile
        self.book.note(request, "GET", status=reply.status)
        if reply.status == 404 and request.last.expire_time.ToMilliseconds() < 1000 * time.time():
            return
        if reply.status in (403, 404) or (reply.status == 200 and hashlib.sha256(reply.body).hexdigest() != request.digest):
            self.book.wrong(request, f"its URL answered {reply.status} with {len(reply.body)} bytes that are not the image")

    def burst(self, plan, _):
        """Fills the queue, and waits for nothing."""
        for number in range(16):
            one = plan.another(number)
            self.insist(one, self.book.request(one, self.caller), "StartGeneration", note="burst")
            if self.closing.is_set():
                return

    def delete(self, plan, request):
        self.insist(plan, request, "StartGeneration")
        if request.names and not self.closing.is_set():
            self.follow(plan, request)
        if request.last is None or state(request.last) not in ENDED or self.closing.is_set():
            return
        if self.look(request) is None:  # what it cost is known from here
            return
        request.deletion = "asked"
        for _ in range(TRIES):
            told = self.line.call(request, "DeleteGeneration", api.DeleteGenerationRequest(name=request.name), PATIENCE)
            if told.good or told.reason == "GENERATION_NOT_FOUND":
                request.deletion = "done"
            if not told.may_repeat or self.closing.is_set():
                return
            self.rest()


def start_callers(book, address, seed, mix, callers, lanes):
    closing = threading.Event()
    crowd = [Caller(book, address, seed, f"caller{c}", f"lane{lane}", mix, closing)
             for c in range(callers) for lane in range(lanes)]
    for one in crowd:
        one.thread.start()
    return crowd, closing


def send_home(crowd, closing, patience):
    """No new requests; whoever still waits after `patience` seconds hangs up. Returns who did not go."""
    closing.set()
    deadline = time.monotonic() + patience
    for one in crowd:
        one.thread.join(max(0, deadline - time.monotonic()))
    for one in crowd:
        one.line.close()
    for one in crowd:
        one.thread.join(60)
    return [one.name for one in crowd if one.thread.is_alive()]
