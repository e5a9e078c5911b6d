"""CancelGeneration, callers that go away, and deadlines."""
import pytest
from fake_zai import Hold
from processes import until
from service import ABORT, FINISH, api, charge, refused, state, together

COGVIEW = "cogview-4-250304"


@pytest.fixture(scope="module")
def narrow(shared_workshop, shared_zai):
    """One image at a time."""
    return shared_workshop.easeld(shared_zai, name="narrow", EASEL_UPSTREAM_CONCURRENCY_START=1,
                                  EASEL_UPSTREAM_CONCURRENCY_MAX=1, EASEL_STORE="memory", EASEL_IMAGES="memory")


def ended(service, name):
    """The end, without holding on to the generation as a watcher would."""
    def look():
        generation = service.get(name)
        return generation if generation.HasField("end_time") else None

    return until(look, "the end of " + name)


@pytest.mark.parametrize("policy", [0, FINISH, ABORT], ids=["default", "finish", "abort"])
def test_a_queued_generation_is_cancelled_and_costs_nothing(narrow, shared_zai, policy):
    held = Hold()
    shared_zai.script("In front", poll=[held])
    first = narrow.start("In front").name
    narrow.reach(first, "RENDERING")
    waiting = narrow.start(f"Behind with {policy}").name
    cancelled = narrow.cancel(waiting, policy)
    assert (state(cancelled), charge(cancelled)) == ("CANCELLED", "NONE")
    held.release()
    assert state(narrow.end_of(first)) == "SUCCEEDED"
    assert state(narrow.get(waiting)) == "CANCELLED"
    assert not shared_zai.submissions_of(f"Behind with {policy}")


def test_a_rendering_generation_is_marked_and_finishes(service, shared_zai):
    held = Hold()
    shared_zai.script("Marked", poll=[held])
    name = service.reach(service.start("Marked").name, "RENDERING").name
    marked = service.cancel(name, FINISH)
    assert (state(marked), marked.cancel_requested) == ("RENDERING", True)
    held.release()
    last = service.end_of(name)
    assert (state(last), charge(last), last.cancel_requested) == ("SUCCEEDED", "MADE", True)


def test_a_rendering_generation_is_aborted_and_was_paid(service, shared_zai):
    shared_zai.script("Aborted", poll=[Hold()])
    name = service.reach(service.start("Aborted").name, "RENDERING").name
    cancelled = service.cancel(name, ABORT)
    assert (state(cancelled), charge(cancelled)) == ("CANCELLED", "MADE")
    polls = len(shared_zai.polls_of("Aborted"))
    for number in range(5):
        service.generate(f"Something else meanwhile, {number}", size=(512, 512))
    # One poll may have been on its way.
    assert len(shared_zai.polls_of("Aborted")) <= polls + 1, "it is still asked for"


def test_an_abort_closes_the_upstream_connection(service, shared_zai):
    held = Hold()
    shared_zai.script("Cut off", submit=[held])
    name = service.start("Cut off", model=COGVIEW).name
    assert held.entered.wait(60)
    cancelled = service.cancel(name, ABORT)
    assert (state(cancelled), charge(cancelled)) == ("CANCELLED", "UNKNOWN")
    assert held.abandoned.wait(60)
    assert len(shared_zai.submissions_of("Cut off")) == 1


def test_an_abort_stops_a_download(service, shared_zai):
    held = Hold()
    shared_zai.script("Never downloaded", image=[held])
    name = service.start("Never downloaded").name
    assert held.entered.wait(60)
    cancelled = service.cancel(name, ABORT)
    assert (state(cancelled), charge(cancelled)) == ("CANCELLED", "MADE")
    assert held.abandoned.wait(60)


def test_what_has_ended_stays_as_it_is(service):
    made = service.generate("Too late").generation
    again = service.cancel(made.name, ABORT)
    assert (state(again), again.revision, again.cancel_requested) == ("SUCCEEDED", made.revision, False)


def test_a_waiting_call_ends_cancelled(service, shared_zai):
    shared_zai.script("Cancelled by another", poll=[Hold()])
    call = service.begin("Cancelled by another")
    name = call.name()
    service.reach(name, "RENDERING")
    service.cancel(name, ABORT)
    told = refused(call.result)
    assert (told.code, told.reason) == ("CANCELLED", "GENERATION_CANCELLED")
    assert told.metadata["generation"] == name and told.metadata["charge_state"] == "MADE"


def test_a_cancelled_generation_that_cost_nothing_can_be_started_again(narrow, shared_zai):
    held = Hold()
    shared_zai.script("In front again", poll=[held])
    first = narrow.start("In front again").name
    narrow.reach(first, "RENDERING")
    name = narrow.start("Second thoughts", request_id="second-thoughts").name
    assert state(narrow.cancel(name)) == "CANCELLED"
    again = narrow.start("Second thoughts", request_id="second-thoughts")
    assert (again.name, state(again)) == (name, "QUEUED")
    held.release()
    assert state(narrow.end_of(name)) == "SUCCEEDED"
    assert shared_zai.charged("Second thoughts") == 1


def test_a_deadline_leaves_the_work_alone_and_the_image_is_found_by_request_id(service, shared_zai):
    held = Hold()
    shared_zai.script("Overdue", poll=[held])
    told = refused(service.generate, "Overdue", request_id="overdue-1", timeout=2)
    assert told.code == "DEADLINE_EXCEEDED"
    held.release()
    (found,) = until(lambda: service.list(request_id="overdue-1"), "its record, which a slow disk keeps late")
    last = service.end_of(found.name)
    assert (state(last), charge(last)) == ("SUCCEEDED", "MADE")
    assert service.generate("Overdue", request_id="overdue-1").generation.name == found.name
    assert shared_zai.charged("Overdue") == 1


@pytest.mark.parametrize("policy", [0, FINISH], ids=["default", "finish"])
def test_a_caller_that_goes_away_leaves_the_work_alone(service, shared_zai, policy):
    held = Hold()
    shared_zai.script(f"Gone with {policy}", poll=[held])
    call = service.begin(f"Gone with {policy}", policy=policy)
    name = call.name()
    service.reach(name, "RENDERING")
    call.cancel()
    held.release()
    assert state(ended(service, name)) == "SUCCEEDED"


def test_a_caller_that_goes_away_with_abort_stops_the_work(service, shared_zai):
    held = Hold()
    shared_zai.script("Gone for good", submit=[held])
    call = service.begin("Gone for good", policy=ABORT, model=COGVIEW)
    name = call.name()
    assert held.entered.wait(60)
    call.cancel()
    last = ended(service, name)
    assert (state(last), charge(last)) == ("CANCELLED", "UNKNOWN")
    assert held.abandoned.wait(60)


def test_a_queued_caller_that_goes_away_with_abort_costs_nothing(narrow, shared_zai):
    held = Hold()
    shared_zai.script("Another in front", poll=[held])
    first = narrow.start("Another in front").name
    narrow.reach(first, "RENDERING")
    call = narrow.begin("Impatient", policy=ABORT)
    name = call.name()
    call.cancel()
    last = ended(narrow, name)
    assert (state(last), charge(last)) == ("CANCELLED", "NONE")
    held.release()
    narrow.end_of(first)
    assert not shared_zai.submissions_of("Impatient")


def test_abort_does_not_take_the_image_from_another_watcher(service, shared_zai):
    held = Hold()
    shared_zai.script("Shared", poll=[held])
    call = service.begin("Shared", policy=ABORT)
    name = call.name()
    watcher = service.watch(name)
    next(watcher)
    call.cancel()
    assert refused(call.result).code == "CANCELLED"
    held.release()
    assert state(list(watcher)[-1].generation) == "SUCCEEDED"
    assert shared_zai.charged("Shared") == 1


def test_a_deadline_that_cannot_be_met_is_refused_before_anything_is_recorded(workshop, zai):
    service = workshop.easeld(zai, EASEL_POLL_FIRST="4s", EASEL_UPSTREAM_CONCURRENCY_START=10)
    together(10, lambda number: service.generate(f"Learning how long it takes, {number}"))
    told = refused(service.generate, "In a hurry", request_id="hurry", timeout=3)
    assert (told.code, told.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT")
    assert told.retry_seconds > 0
    assert len(service.list()) == 10
    assert not zai.submissions_of("In a hurry")


def test_a_deletion_waits_for_the_end(service, shared_zai):
    held = Hold()
    shared_zai.script("Undeletable", poll=[held])
    name = service.start("Undeletable").name
    told = refused(service.images.DeleteGeneration, api.DeleteGenerationRequest(name=name), timeout=60)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "GENERATION_NOT_ENDED")
    held.release()
    service.end_of(name)
