"""Crashes, restarts and signals: nothing is lost and nothing is paid twice."""
import signal

import png
import pytest
from fake_zai import Hold
from processes import BIN, clean_environment, run, until
from service import INLINE, QUICK, charge, read_status, refused, state, together

COGVIEW = "cogview-4-250304"


def test_a_crash_while_rendering_costs_nothing_and_loses_nothing(workshop, zai):
    held = Hold()
    zai.script("Survivor", poll=[held])
    service = workshop.easeld(zai)
    name = service.reach(service.start("Survivor", request_id="survivor").name, "RENDERING").name
    service.kill()
    held.release()
    again = workshop.easeld(zai)
    last = again.end_of(name)
    assert (state(last), charge(last), len(last.attempts)) == ("SUCCEEDED", "MADE", 1)
    assert png.read(b"".join(chunk.data for chunk in again.read_image(name))) == (1280, 1280)
    assert again.generate("Survivor", request_id="survivor").generation.name == name
    assert (zai.charged("Survivor"), len(zai.submissions)) == (1, 1)


def test_a_crash_with_the_post_open_is_an_unknown_outcome(workshop, zai):
    held = Hold()
    zai.script("Open", submit=[held])
    service = workshop.easeld(zai)
    name = service.start("Open", model=COGVIEW, request_id="open").name
    assert held.entered.wait(60)
    service.kill()
    again = workshop.easeld(zai)
    last = again.end_of(name)
    told = read_status(last.error)
    assert (told.code, told.reason, charge(last)) == ("UNKNOWN", "OUTCOME_UNKNOWN", "UNKNOWN")
    assert last.charge.cost_micros == 10000
    assert told.retry_seconds is None
    assert refused(again.generate, "Open", model=COGVIEW, request_id="open").reason == "OUTCOME_UNKNOWN"
    assert len(zai.submissions) == 1


def test_a_caller_may_have_it_sent_again_after_a_crash(workshop, zai):
    held = Hold()
    zai.script("Open again", submit=[held])
    service = workshop.easeld(zai)
    name = service.start("Open again", model=COGVIEW, allow_resubmission=True).name
    assert held.entered.wait(60)
    service.kill()
    last = workshop.easeld(zai).end_of(name)
    assert (state(last), len(last.attempts)) == ("SUCCEEDED", 2)
    assert len(zai.submissions) == 2


def test_what_was_queued_goes_on(workshop, zai):
    narrow = {"EASEL_UPSTREAM_CONCURRENCY_START": 1, "EASEL_UPSTREAM_CONCURRENCY_MAX": 1}
    held = Hold()
    zai.script("Before", poll=[held])
    service = workshop.easeld(zai, **narrow)
    service.reach(service.start("Before").name, "RENDERING")
    names = [service.start(f"After {number}").name for number in range(5)]
    service.kill()
    held.release()
    again = workshop.easeld(zai, **narrow)
    assert [state(again.end_of(name)) for name in names] == ["SUCCEEDED"] * 5
    assert [one.body["prompt"] for one in zai.submissions] == ["Before"] + [f"After {number}" for number in range(5)]


def test_a_crash_while_downloading_downloads_again(workshop, zai):
    held = Hold()
    zai.script("Downloading", image=[held])
    service = workshop.easeld(zai)
    name = service.start("Downloading", model=COGVIEW).name
    assert held.entered.wait(60)
    service.kill()
    held.release()
    last = workshop.easeld(zai).end_of(name)
    assert (state(last), charge(last)) == ("SUCCEEDED", "MADE")
    assert len(zai.submissions) == 1


@pytest.mark.parametrize("round_", range(3))
def test_killed_at_any_moment_every_image_is_paid_once(workshop, zai, round_):
    service = workshop.easeld(zai, EASEL_UPSTREAM_CONCURRENCY_START=4)
    names = together(12, lambda number: service.start(f"Moment {number}", request_id=f"moment-{number}").name)
    for _ in range(round_ + 1):
        until(lambda: len(zai.fetches) > 2 * round_ or not service.running(), "some progress")
        service.kill()
        service = workshop.easeld(zai, EASEL_UPSTREAM_CONCURRENCY_START=4)
    for number, name in enumerate(names):
        last = service.end_of(name)
        charged = zai.charged(f"Moment {number}")
        assert len(zai.submissions_of(f"Moment {number}")) <= 1
        if state(last) == "SUCCEEDED":
            assert charged == 1
        else:
            assert (read_status(last.error).reason, charge(last)) == ("OUTCOME_UNKNOWN", "UNKNOWN")


def test_a_second_process_is_told_who_holds_the_directory(workshop, zai):
    service = workshop.easeld(zai)
    environment = clean_environment(workshop.directory, **{**QUICK, "EASEL_DATA_DIR": workshop.directory / "data",
                                                           "ZAI_API_KEY": zai.key, "ZAI_BASE_URL": zai.base_url})
    code, _, errors = run([BIN / "easeld"], environment)
    assert code != 0
    (line,) = [line for line in errors.splitlines() if line.startswith("easeld:")]
    assert str(service.pid) in line and str(workshop.directory / "data") in line
    assert service.generate("Undisturbed").generation.image.url


def test_a_directory_is_free_again_after_a_crash(workshop, zai):
    workshop.easeld(zai).kill()
    assert workshop.easeld(zai).list() == []


def test_sigterm_lets_running_calls_finish(workshop, zai):
    held = Hold()
    zai.script("Last order", poll=[held])
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="60s")
    call = service.begin("Last order", delivery=INLINE)
    service.reach(call.name(), "RENDERING")
    service.signal(signal.SIGTERM)
    told = until(lambda: service.refusal(), "the refusal of new work")
    assert told.code == "UNAVAILABLE"
    assert call.waits()
    held.release()
    assert png.read(call.result().image_data) == (1280, 1280)
    assert service.wait() == 0


def test_what_does_not_finish_in_the_grace_period_goes_on_at_the_next_start(workshop, zai):
    held = Hold()
    zai.script("Unfinished", poll=[held])
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="100ms")
    call = service.begin("Unfinished", request_id="unfinished")
    name = call.name()
    service.reach(name, "RENDERING")
    service.signal(signal.SIGTERM)
    told = refused(call.result)
    assert (told.code, told.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
    assert told.metadata["generation"] == name and told.retry_seconds > 0
    assert service.wait() == 0
    held.release()
    again = workshop.easeld(zai)
    assert again.generate("Unfinished", request_id="unfinished").generation.name == name
    assert (zai.charged("Unfinished"), len(zai.submissions)) == (1, 1)


def test_queued_work_does_not_hold_up_an_end(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="60s", EASEL_UPSTREAM_CONCURRENCY_START=1,
                              EASEL_UPSTREAM_CONCURRENCY_MAX=1)
    held = Hold()
    zai.script("At work", poll=[held])
    service.reach(service.start("At work").name, "RENDERING")
    queued = service.start("Queued").name
    service.signal(signal.SIGTERM)
    until(lambda: service.refusal(), "the refusal of new work")
    held.release()
    assert service.wait() == 0
    assert not zai.submissions_of("Queued")
    assert state(workshop.easeld(zai).end_of(queued)) == "SUCCEEDED"


def test_a_second_signal_ends_at_once(workshop, zai):
    held = Hold()
    zai.script("Endless", poll=[held])
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="1h")
    name = service.reach(service.start("Endless").name, "RENDERING").name
    service.signal(signal.SIGTERM)
    until(lambda: "draining" in service.log(), "the beginning of the drain")
    service.signal(signal.SIGTERM)
    assert service.wait() == 0
    held.release()
    assert state(workshop.easeld(zai).end_of(name)) == "SUCCEEDED"


def test_an_idle_service_ends_at_once(workshop, zai):
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="1h")
    service.signal(signal.SIGTERM)
    assert service.wait() == 0


def test_the_sandbox_of_the_service_survives_a_crash_too(workshop):
    service = workshop.easeld(EASEL_SANDBOX_LATENCY_SCALE="0.05")
    name = service.reach(service.start("A sandboxed picture").name, "RENDERING").name
    service.kill()
    again = workshop.easeld(EASEL_SANDBOX_LATENCY_SCALE="0.05")
    last = again.end_of(name)
    assert (state(last), len(last.attempts)) == ("SUCCEEDED", 1)
