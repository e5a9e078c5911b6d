"""The end: what became of every accepted generation, and what the upstream's ledger says of it."""
import collections
import concurrent.futures
import hashlib
import time

from book import ENDED
from line import Line
from service import api, charge, read_status, state

PATIENCE = 60


class Reckoning:
    """Asks an easeld that runs in peace. `lost`, `twice`, `uneven` hold requests; see table.py for the rest."""

    def __init__(self, book, house):
        self.book, self.house = book, house
        self.lines = {}
        self.lost, self.twice, self.uneven = [], [], []
        self.expired = 0
        self.found = collections.defaultdict(list)  # key -> generations
        self.rows = collections.defaultdict(list)  # key -> rows of the ledger
        self.ledger = {}

    def line(self, caller):
        if caller not in self.lines:
            self.lines[caller] = Line(self.house.address, caller, self.book)
        return self.lines[caller]

    def running(self):
        """How many generations of all callers have not ended."""
        left = 0
        for caller in {request.caller for request in self.book.requests.values()}:
            left += sum(state(one) not in ENDED for one in self.list(caller, api.ListGenerationsRequest(
                states=[1, 2, 3, 4])))  # QUEUED to FETCHING
        return left

    def list(self, caller, message):
        message.page_size = 1000
        stub = self.line(caller).channel.unary_unary(
            "/easel.v1.ImageService/ListGenerations", api.ListGenerationsRequest.SerializeToString,
            api.ListGenerationsResponse.FromString)
        listed = []
        while True:
            page = stub(message, metadata=[("easel-caller", caller)], timeout=PATIENCE)
            listed += page.generations
            if not page.next_page_token:
                return listed
            message.page_token = page.next_page_token

    def await_ends(self, patience, progress):
        """Until everything has ended; False if that takes longer than `patience` seconds."""
        deadline = time.monotonic() + patience
        while left := self.running():
            progress(f"{left} generations have not ended")
            if time.monotonic() > deadline:
                return False
            time.sleep(1)
        return True

    def reckon(self):
        self.ledger = self.house.sandbox.ledger()
        for row in self.ledger["entries"]:
            if row["charged"]:
                self.rows[row["user_id"]].append(row)
        for caller in {request.caller for request in self.book.requests.values()}:
            for generation in self.list(caller, api.ListGenerationsRequest()):
                self.found[generation.spec.user_id].append(generation)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self._judge, self.book.requests.values()))
        self.lost = [request for request in self.book.requests.values() if request.wrongs]
        for key in self.rows.keys() - self.book.requests.keys():
            self.book.trouble(f"the ledger has a charge for {key}, which nobody asked for")

    def unclaimed(self):
        """How many files of images no record refers to: crashes leave them, and a sweep takes them."""
        claimed = {one.image.sha256 for found in self.found.values() for one in found}
        files = {path.name.split(".")[0] for path in (self.house.disk.path / "data" / "images").rglob("*") if path.is_file()}
        return len({name for name in files if len(name) == 64} - claimed)

    def _judge(self, request):
        found = self.found[request.key]
        if len(found) > 1:
            self.book.wrong(request, f"two generations for one request_id: {[one.name for one in found]}")
        for generation in found:
            self.book.saw(request, generation, request.revision)
        if found:
            self._judge_end(request, found[0])
        elif request.names and not request.deletion:
            self.book.wrong(request, "it was accepted, and is gone")
        elif self.rows[request.key] and not request.deletion:
            self.book.wrong(request, "it was charged, and there is no record of it")
        self._judge_money(request)

    def _judge_end(self, request, generation):
        if request.deletion == "done":
            self.book.wrong(request, "it was deleted, and is there")
        if state(generation) not in ENDED:
            self.book.wrong(request, f"it never ends: {state(generation)}")
        elif state(generation) == "SUCCEEDED":
            self._judge_image(request, generation)
            if charge(generation) == "NONE":
                self.book.wrong(request, "it SUCCEEDED, and says that it cost nothing")
        elif state(generation) == "FAILED":
            told = read_status(generation.error)
            if not told.reason or told.domain != "easel" or "charge_state" not in told.metadata or told.reason == "INTERNAL":
                self.book.wrong(request, f"it failed without a type: {told}")
            elif told.metadata["charge_state"] != charge(generation):
                self.book.wrong(request, f"its error says {told.metadata['charge_state']}, its charge {charge(generation)}")
        elif not request.may_be_cancelled:
            self.book.wrong(request, "it was cancelled, and nobody asked for that")

    def _judge_image(self, request, generation):
        if generation.image.HasField("remove_time"):
            self._judge_removal(request, generation)
            return
        told = self.line(request.caller).call(request, "ReadImage", api.ReadImageRequest(name=generation.name), PATIENCE,
                                              note="at the end")
        data = b"".join(reply.image_chunk.data for reply in told.replies)
        if told.reason == "IMAGE_EXPIRED":
            self.expired += 1
        elif not told.good or hashlib.sha256(data).hexdigest() != generation.image.sha256:
            self.book.wrong(request, f"its {len(data)} bytes cannot be read: {told.reason or told.wire or 'another digest'}")

    def _judge_removal(self, request, generation):
        self.expired += 1
        kept = generation.image.remove_time.ToMilliseconds() - generation.end_time.ToMilliseconds()
        if not self.house.retention or kept < 1000 * self.house.retention:
            self.book.wrong(request, f"its image was removed after {kept / 1000} s")

    def _judge_money(self, request):
        charged = len(self.rows[request.key])
        if charged > (2 if request.allow_resubmission and not self.house.rejects_duplicates else 1):
            self.book.note(request, "PAID TWICE", charges=charged)
            self.twice.append(request)
        if request.last is not None and not (self._between(request, [request.last]) and
                                             self._between(request, request.last.attempts)):
            self.book.note(request, "UNEVEN", least=self.least(request), ledger=self.true(request), most=self.most(request))
            self.uneven.append(request)

    def _between(self, request, parts):
        """Whether the ledger's sum lies where these say: the generation as a whole, or its attempts."""
        return _sum(parts, ("MADE",)) <= self.true(request) <= _sum(parts, ("MADE", "UNKNOWN"))

    # In millionths, of one request.

    @staticmethod
    def least(request):
        return _sum([request.last] if request.last is not None else [], ("MADE",))

    @staticmethod
    def most(request):
        return _sum([request.last] if request.last is not None else [], ("MADE", "UNKNOWN"))

    def true(self, request):
        return sum(row["charge_micros"] for row in self.rows[request.key])


def _sum(parts, states):
    return sum(one.charge.cost_micros for one in parts if charge(one) in states)
