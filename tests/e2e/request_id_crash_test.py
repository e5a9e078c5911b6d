"""request_id under load while the service dies: many equal calls, of several kinds and connections, are one image."""
import random
import threading

import grpc
import pytest
from fake_zai import Hold, error
from processes import until
from service import ABORT, FINISH, INLINE, api, charge, read_status, refusal_of, refused, spec, state

IDS = 12
CALLS = 5  # of each id, at the same time
PASSES = {"UNAVAILABLE", "CANCELLED"}  # what the end of a process looks like, or says


class Rolling:
    """A service that is killed and started again while calls go on. Each call takes a connection of its own."""

    def __init__(self, workshop, zai):
        self.workshop, self.zai = workshop, zai
        self.changed = threading.Condition()
        self.service = self.start()

    def start(self):
        return self.workshop.easeld(self.zai, EASEL_UPSTREAM_CONCURRENCY_START=4)

    def kill(self):
        dying = self.service
        dying.kill()
        with self.changed:
            self.service = self.start()
            self.changed.notify_all()

    def after(self, old):
        """The service that follows `old`, once it is there."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.service is not old or old.running(), 120)
            return self.service


def call(service, kind, prompt, request_id, policy):
    """One call of this kind, on a channel of its own; returns the generation's name."""
    options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    order = {"spec": spec(prompt), "request_id": request_id, "cancel_policy": policy}
    with grpc.insecure_channel(service.address, options) as channel:
        images = type(service.images)(channel)
        if kind == "start":
            return images.StartGeneration(api.StartGenerationRequest(**order), timeout=120).generation.name
        if kind == "stream":
            replies = list(images.StreamGenerateImage(api.StreamGenerateImageRequest(**order, image_delivery=INLINE), timeout=120))
            return replies[0].generation.name
        return images.GenerateImage(api.GenerateImageRequest(**order), timeout=120).generation.name


def insist(rolling, kind, prompt, request_id, policy):
    """As a careful client: repeats under its id whatever may be repeated. Returns the name, and the error it ended with."""
    service = rolling.service
    while True:
        try:
            return call(service, kind, prompt, request_id, policy), None
        except grpc.RpcError as failure:
            told = refusal_of(failure)
            if told.code in PASSES:
                service = rolling.after(service)
                continue
            return told.metadata["generation"], told


@pytest.mark.parametrize("seed", range(2))
def test_equal_calls_of_all_kinds_cost_one_submission_however_often_the_service_dies(workshop, zai, seed):
    dice = random.Random(seed)
    rolling = Rolling(workshop, zai)
    answers = {}
    threads = []
    for number in range(IDS):
        for kind in dice.choices(["start", "stream", "generate"], k=CALLS):
            def run(number=number, kind=kind, policy=dice.choice([FINISH, ABORT])):
                ended = insist(rolling, kind, f"Seed {seed} number {number}", f"id-{number}", policy)
                answers.setdefault(number, []).append(ended)
            threads.append(threading.Thread(target=run))
    for thread in threads:
        thread.start()
    for kills in range(3):
        until(lambda goal=2 + 3 * kills: len(zai.submissions) >= goal or not any(one.is_alive() for one in threads), "progress")
        rolling.kill()
    for thread in threads:
        thread.join(180)
        assert not thread.is_alive()
    for number in range(IDS):
        prompt = f"Seed {seed} number {number}"
        names = {name for name, _ in answers[number]}
        assert len(answers[number]) == CALLS and len(names) == 1
        last = rolling.service.end_of(names.pop())
        # None: the process died between the record of a submission and the submission, which nobody can tell from one sent.
        assert len(zai.submissions_of(prompt)) <= 1
        if state(last) == "SUCCEEDED":
            assert zai.charged(prompt) == 1
        else:
            assert (read_status(last.error).reason, charge(last)) == ("OUTCOME_UNKNOWN", "UNKNOWN")
        for _, told in answers[number]:
            assert told is None or told.reason == "OUTCOME_UNKNOWN"
    assert len(rolling.service.list(page_size=1000)) == IDS


def test_a_known_id_is_answered_while_the_service_drains(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="60s")
    done = service.generate("Done", request_id="done").generation.name
    zai.script("Failed", submit=[error(400, "1301")])
    failed = refused(service.generate, "Failed", request_id="failed").metadata["generation"]
    held = Hold()
    zai.script("At work", poll=[held])
    running = service.reach(service.start("At work", request_id="running").name, "RENDERING").name
    service.popen.terminate()
    until(lambda: "draining" in service.log(), "the beginning of the drain")
    told = until(lambda: service.refusal(), "the refusal of new work")
    assert (told.reason, told.metadata["charge_state"]) == ("SHUTTING_DOWN", "NONE") and told.retry_seconds > 0
    assert service.start("Done", request_id="done").name == done
    assert service.start("At work", request_id="running").name == running
    assert service.start("Failed", request_id="failed").name == failed
    assert refused(service.start, "Other", request_id="done").reason == "REQUEST_ID_CONFLICT"
    assert len(zai.submissions_of("Failed")) == 1
    held.release()
    assert service.wait() == 0


def test_a_failure_that_starts_again_is_not_refused_by_a_full_queue(workshop, zai):
    service = workshop.easeld(zai, EASEL_QUEUE_MAX=1, EASEL_UPSTREAM_CONCURRENCY_START=1, EASEL_UPSTREAM_CONCURRENCY_MAX=1)
    zai.script("Second try", submit=[error(400, "1301")])
    failed = refused(service.generate, "Second try", request_id="second").metadata["generation"]
    held = Hold()
    zai.script("At work", poll=[held])
    service.reach(service.start("At work").name, "RENDERING")
    service.start("Waits")
    assert refused(service.start, "Too many").reason == "QUEUE_FULL"
    assert state(service.start("Second try", request_id="second")) == "QUEUED"
    held.release()
    last = service.end_of(failed)
    assert (state(last), len(last.attempts)) == ("SUCCEEDED", 2)


def test_an_id_that_the_service_made_works_after_a_restart(workshop, zai):
    service = workshop.easeld(zai)
    made = service.generate("Without an id").generation
    assert made.request_id
    service.kill()
    again = workshop.easeld(zai).generate("Without an id", request_id=made.request_id).generation
    assert again.name == made.name
    assert zai.charged("Without an id") == 1
