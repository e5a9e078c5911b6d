"""WatchGeneration: every change from a revision on, never backwards, always the end."""
from fake_zai import Hold, error
from processes import until
from service import api, charge, refused, state, together

STATES = ["QUEUED", "SUBMITTING", "RENDERING", "FETCHING", "SUCCEEDED"]


def test_a_watcher_sees_the_states_in_order_and_the_end(service):
    name = service.start("Watched").name
    seen = [reply.generation for reply in service.watch(name)]
    states, revisions = [state(one) for one in seen], [one.revision for one in seen]
    assert revisions == sorted(revisions)
    assert states == sorted(states, key=STATES.index)
    assert states[-1] == "SUCCEEDED"


def test_an_ended_generation_is_told_at_once_from_any_revision(service):
    name = service.start("Ended").name
    last = service.end_of(name)
    for revision in (0, 1, last.revision, last.revision + 100):
        seen = list(service.watch(name, revision))
        assert [state(reply.generation) for reply in seen] == ["SUCCEEDED"]
        assert seen[0].generation.revision == last.revision


def test_a_watcher_waits_for_the_revision_it_asks_for(service, shared_zai):
    held = Hold()
    shared_zai.script("Held", poll=[held])
    name = service.start("Held").name
    rendering = service.reach(name, "RENDERING")
    later = service.watch(name, rendering.revision + 1)
    now = service.watch(name, rendering.revision)
    assert state(next(now).generation) == "RENDERING"
    held.release()
    seen = [state(reply.generation) for reply in later]
    assert "RENDERING" not in seen and seen[-1] == "SUCCEEDED"
    assert state(list(now)[-1].generation) == "SUCCEEDED"


def test_watching_a_failure_ends_well(service, shared_zai):
    shared_zai.script("Watched and blocked", submit=[error(400, "1301")])
    ended = service.end_of(service.start("Watched and blocked").name)
    assert state(ended) == "FAILED" and charge(ended) == "NONE"
    assert ended.error.code == 9


def test_many_watchers_all_see_the_end(service, shared_zai):
    held = Hold()
    shared_zai.script("A popular one", poll=[held])
    name = service.start("A popular one").name
    watchers = [service.watch(name) for _ in range(50)]
    for watcher in watchers:
        next(watcher)
    held.release()
    ends = together(len(watchers), lambda index: [reply.generation for reply in watchers[index]][-1])
    assert {state(end) for end in ends} == {"SUCCEEDED"}


def test_a_watcher_that_leaves_changes_nothing(service, shared_zai):
    held = Hold()
    shared_zai.script("Left alone", poll=[held])
    name = service.start("Left alone").name
    watcher = service.watch(name)
    next(watcher)
    watcher.cancel()
    held.release()
    assert state(service.end_of(name)) == "SUCCEEDED"


def test_what_need_not_wait_is_recorded_as_submitting_from_the_start(service, shared_zai):
    held = Hold()
    shared_zai.script("At once", submit=[held])
    started = service.start("At once")
    assert (state(started), started.revision, len(started.attempts)) == ("SUBMITTING", 1, 1)
    held.release()
    ended = service.end_of(started.name)
    assert (state(ended), charge(ended), len(ended.attempts)) == ("SUCCEEDED", "MADE", 1)


def test_a_queued_generation_tells_its_place(workshop, zai):
    service = workshop.easeld(zai, EASEL_UPSTREAM_CONCURRENCY_START=1, EASEL_UPSTREAM_CONCURRENCY_MAX=1)
    held = Hold()
    zai.script("First", poll=[held])
    service.reach(service.start("First").name, "RENDERING")
    names = []
    for number in range(3):
        names.append(service.start(f"Behind, {number}").name)
        until(lambda: service.get(names[-1]).progress.HasField("queue_position"), "its place in the queue")
    assert [service.get(name).progress.queue_position for name in names] == [0, 1, 2]
    assert all(state(service.get(name)) == "QUEUED" for name in names)
    held.release()
    assert [state(service.end_of(name)) for name in names] == ["SUCCEEDED"] * 3
    assert [one.body["prompt"] for one in zai.submissions] == ["First", "Behind, 0", "Behind, 1", "Behind, 2"]


def test_what_is_not_there_cannot_be_watched(service):
    told = refused(service.images.WatchGeneration, api.WatchGenerationRequest(name="generations/none"), timeout=60)
    assert (told.code, told.reason) == ("NOT_FOUND", "GENERATION_NOT_FOUND")
