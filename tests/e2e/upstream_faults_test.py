"""What else an upstream does: filters, late images, signed URLs, redirects, broken tasks, ambiguity."""
import hashlib
import socket

import png
import pytest
from fake_zai import Cut, Hold, Reply, error
from service import INLINE, charge, read_status, refused, state

COGVIEW = "cogview-4-250304"


def filters(entries):
    return [(entry.role, entry.level if entry.HasField("level") else None) for entry in entries]


def fail_of(service, prompt, **more):
    generation = service.end_of(service.start(prompt, **more).name)
    assert state(generation) == "FAILED"
    return generation, read_status(generation.error)


@pytest.mark.parametrize("spelling", ["contentFilter", "content_filter"])
def test_a_refusal_shows_what_the_filter_said(service, shared_zai, spelling):
    prompt = f"Something unsafe, {spelling}"
    shared_zai.script(prompt, submit=[error(400, "1301", "不安全", **{spelling: [{"level": 0, "role": "user"},
                                                                              {"role": "assistant"}]})])
    generation, told = fail_of(service, prompt)
    assert told.reason == "CONTENT_BLOCKED"
    assert filters(generation.content_filter) == [("user", 0), ("assistant", None)]
    assert told.metadata["content_filter"].startswith("user:0")


@pytest.mark.parametrize("spelling", ["contentFilter", "content_filter"])
def test_a_mild_hit_comes_with_the_image(service, shared_zai, spelling):
    prompt = f"Something a little daring, {spelling}"
    shared_zai.script(prompt, submit=[lambda body: Reply(200, {**shared_zai.success(body),
                                                               spelling: [{"role": "assistant", "level": 3}]})])
    made = service.generate(prompt, model=COGVIEW).generation
    assert filters(made.content_filter) == [("assistant", 3)]
    assert state(made) == "SUCCEEDED"


def test_the_error_of_a_waiting_call_is_the_generations(service, shared_zai):
    shared_zai.script("Blocked while waiting", submit=[error(400, "1301")])
    told = refused(service.generate, "Blocked while waiting")
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "CONTENT_BLOCKED")
    assert read_status(service.get(told.metadata["generation"]).error).message == told.message


def test_a_refusal_that_took_nothing_is_tried_again(service, shared_zai):
    shared_zai.script("Twice refused", submit=[error(500, "1234"), error(500, "1200")])
    made = service.generate("Twice refused").generation
    assert [attempt.code for attempt in made.attempts] == ["1234", "1200", ""]
    assert shared_zai.charged("Twice refused") == 1


def test_a_busy_upstream_is_waited_for(workshop, zai):
    service = workshop.easeld(zai)
    zai.script("Patience", submit=[Reply(429, error(429, "1302").body, {"Retry-After": "0"})] * 2)
    made = service.generate("Patience").generation
    assert [attempt.code for attempt in made.attempts] == ["1302", "1302", ""]
    assert (charge(made), zai.charged("Patience")) == ("MADE", 1)


def test_another_key_takes_over_where_the_first_has_no_balance(workshop, zai):
    service = workshop.easeld(zai, ZAI_API_KEY="wrong-key-0123456789,%s" % zai.key)
    made = [service.generate(f"Two keys, {number}").generation for number in range(4)]
    assert all(state(one) == "SUCCEEDED" for one in made)
    assert len(made[0].attempts) <= 2
    assert made[0].attempts[-1].key_fingerprint == hashlib.sha256(zai.key.encode()).hexdigest()[:8]


def test_no_answer_is_never_asked_for_twice_even_on_a_warm_connection(service, shared_zai):
    service.generate("Warming up", model=COGVIEW)
    shared_zai.script("Dropped", submit=[Cut()])
    generation, told = fail_of(service, "Dropped", model=COGVIEW)
    assert (told.reason, charge(generation)) == ("OUTCOME_UNKNOWN", "UNKNOWN")
    assert len(shared_zai.submissions_of("Dropped")) == 1


def test_a_caller_may_accept_a_second_charge(service, shared_zai):
    shared_zai.script("Dropped once", submit=[Cut()])
    generation = service.end_of(service.start("Dropped once", allow_resubmission=True).name)
    assert state(generation) == "SUCCEEDED"
    assert len(shared_zai.submissions_of("Dropped once")) == 2
    assert len(generation.attempts) == 2


def test_an_upstream_that_is_not_there_cost_nothing(workshop):
    class Nobody:
        key = "key-0123456789"

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port, and connecting fails
        Nobody.base_url = f"http://127.0.0.1:{closed.getsockname()[1]}/api/paas/v4"
        service = workshop.easeld(Nobody, EASEL_SUBMIT_TIMEOUT="1s")
        generation, told = fail_of(service, "Nobody home")
    assert (told.code, told.reason, charge(generation)) == ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "NONE")
    assert told.retry_seconds > 0
    assert generation.attempts[0].code == "connection"


@pytest.mark.parametrize("poll", [
    Reply(502, "<html>502 Bad Gateway</html>"), error(500, "1234"), Cut(), error(429, "1302"), Reply(200, {}),
    Reply(200, "<html>"), error(400, "1210", "unknown task"), Cut(Reply(200, {"task_status": "SUCCESS"})),
], ids=["html", "1234", "cut", "1302", "empty", "html 200", "unknown for a moment", "half"])
def test_a_poll_that_fails_is_repeated_and_nothing_is_submitted_again(service, shared_zai, request, poll):
    prompt = f"A stubborn poll: {request.node.callspec.id}"
    shared_zai.script(prompt, poll=[poll])
    generation = service.end_of(service.start(prompt).name)
    assert state(generation) == "SUCCEEDED"
    assert shared_zai.charged(prompt) == 1
    assert len(generation.attempts) == 1


@pytest.mark.parametrize("reply", [
    {"task_status": "FAIL"}, {"task_status": "FAIL", "error": {"code": "1234", "message": "inner trouble"}},
    {"task_status": "SUCCESS", "image_result": []}, {"task_status": "SUCCESS"},
], ids=["FAIL", "FAIL with a reason", "SUCCESS with an empty list", "SUCCESS with nothing"])
def test_a_task_without_an_image_is_the_upstreams_defect(service, shared_zai, request, reply):
    prompt = f"A failing task: {request.node.callspec.id}"
    shared_zai.script(prompt, poll=[Reply(200, {"model": "GLM-Image", **reply})])
    generation, told = fail_of(service, prompt)
    assert (told.code, told.reason, charge(generation)) == ("INTERNAL", "UPSTREAM_DEFECT", "UNKNOWN")
    assert told.metadata["task_id"] == shared_zai.submissions_of(prompt)[0].task
    assert len(shared_zai.submissions_of(prompt)) == 1


def test_a_task_that_never_ends_times_out_and_keeps_its_id(workshop, zai):
    service = workshop.easeld(zai, EASEL_RENDER_TIMEOUT="300ms")
    zai.script("Forever", poll=[Hold()])
    generation, told = fail_of(service, "Forever")
    assert (told.code, told.reason, charge(generation)) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "MADE")
    assert told.metadata["task_id"] == zai.submissions_of("Forever")[0].task
    assert told.retry_seconds is None


def test_a_forgotten_task_times_out(service, shared_zai):
    shared_zai.script("Forgotten", poll=[error(400, "1210", "unknown task")] * 100)
    generation, told = fail_of(service, "Forgotten")
    assert (told.reason, charge(generation)) == ("UPSTREAM_TIMEOUT", "MADE")


@pytest.mark.parametrize("first", [
    Reply(404, {"RetCode": -148654, "ErrMsg": "file not exist"}), Reply(503, "busy"), Cut(Reply(200, b"\x89PNG" * 99)), Cut(),
    Reply(200, "<html>not yet</html>"), Reply(200, b"")], ids=["404", "503", "half", "cut", "html", "empty"])
def test_an_image_that_is_not_there_yet_is_fetched_again(service, shared_zai, request, first):
    prompt = f"A late image: {request.node.callspec.id}"
    shared_zai.script(prompt, image=[first])
    reply = service.generate(prompt, delivery=INLINE)
    assert png.read(reply.image_data) == (1280, 1280)
    assert len(shared_zai.fetches_of(prompt)) == 2
    assert shared_zai.charged(prompt) == 1


@pytest.mark.parametrize("signed", [True, False])
def test_urls_are_fetched_byte_for_byte(service, shared_zai, signed):
    # The fake refuses, and complains about, every URL that it did not give out to the letter.
    shared_zai.signed = signed
    try:
        made = service.generate(f"Signed: {signed}").generation
    finally:
        shared_zai.signed = True
    (target,) = shared_zai.fetches_of(f"Signed: {signed}")
    assert ("Signature=aB%2b%2Fc+d%3D%3d" in target) == signed
    assert made.image.upstream_url == shared_zai.origin + target


def test_what_is_no_image_ends_typed_and_charged(service, shared_zai):
    shared_zai.script("An error page", image=[Reply(200, "<html>sorry</html>", {"Content-Type": "image/png"})] * 100)
    generation, told = fail_of(service, "An error page")
    assert (told.code, told.reason, charge(generation)) == ("INTERNAL", "IMAGE_INVALID", "MADE")
    assert told.metadata["upstream_url"].startswith(shared_zai.origin)
    assert "?" not in told.metadata["upstream_url"]


def test_other_dimensions_are_kept_with_a_warning(service, shared_zai):
    data = png.picture(640, 320, "small")
    shared_zai.script("Smaller", image=[Reply(200, data, {"Content-Type": "image/png"})])
    reply = service.generate("Smaller", delivery=INLINE)
    image = reply.generation.image
    assert reply.image_data == data
    assert (image.width, image.height) == (640, 320)
    assert len(image.warnings) == 1 and "1280x1280" in image.warnings[0] and "640x320" in image.warnings[0]


def test_the_type_is_read_from_the_bytes(service, shared_zai):
    shared_zai.script("Mislabelled", image=[Reply(200, png.picture(1280, 1280, "x"), {"Content-Type": "image/jpeg"})])
    assert service.generate("Mislabelled").generation.image.content_type == "image/png"


def test_a_redirect_within_what_is_allowed_is_followed(service, shared_zai):
    def elsewhere(body):
        return Reply(302, "", {"Location": shared_zai.image_url(body)})

    shared_zai.script("Moved", image=[elsewhere])
    assert state(service.generate("Moved").generation) == "SUCCEEDED"
    assert len(shared_zai.fetches_of("Moved")) == 2


@pytest.fixture
def forbidden():
    """A listener on this machine at an address that nobody allowed; nobody may have called."""
    with socket.create_server(("127.0.0.2", 0)) as listener:
        yield listener.getsockname()[1]
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


# {port} is the forbidden listener's, {zai} that of the fake, which complains about every URL that it did not give out.
ELSEWHERE = ["http://127.0.0.2:{port}/x.png", "http://localhost:{zai}/x.png", "http://[::ffff:127.0.0.1]:{zai}/x.png",
             "http://2130706433:{zai}/x.png", "http://127.0.0.1@127.0.0.2:{port}/x.png", "ftp://127.0.0.1:{zai}/x.png",
             "https://127.0.0.2:{port}/x.png", "file:///etc/passwd"]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_redirect_leaves_what_is_allowed(service, shared_zai, forbidden, url):
    target = url.format(port=forbidden, zai=shared_zai.server.server_port)
    shared_zai.script(f"By redirect to {url}", image=[Reply(302, "", {"Location": target})] * 100)
    generation, told = fail_of(service, f"By redirect to {url}")
    assert (told.code, told.reason, charge(generation)) == ("INTERNAL", "IMAGE_UNAVAILABLE", "MADE")


@pytest.mark.parametrize("url", ELSEWHERE)
def test_no_address_outside_what_is_allowed_is_fetched(service, shared_zai, forbidden, url):
    target = url.format(port=forbidden, zai=shared_zai.server.server_port)
    shared_zai.script(f"Straight to {url}",
                      poll=[Reply(200, {"task_status": "SUCCESS", "image_result": [{"url": target}]})] * 100)
    generation, told = fail_of(service, f"Straight to {url}")
    assert (told.reason, charge(generation)) == ("IMAGE_UNAVAILABLE", "MADE")


def test_an_image_over_the_cap_is_not_taken(workshop, zai):
    service = workshop.easeld(zai, EASEL_IMAGE_MAX_BYTES="1KiB")
    generation, told = fail_of(service, "A very large image")
    assert (told.reason, charge(generation)) == ("IMAGE_UNAVAILABLE", "MADE")


def test_a_task_id_may_be_a_number(service, shared_zai):
    def numeric(body):
        submission = shared_zai.submissions_of(body["prompt"])[0]
        submission.task = str(next(shared_zai.numbers))
        shared_zai.tasks[submission.task] = body
        return Reply(200, '{"model": "glm-image", "id": %s, "task_status": "PROCESSING"}' % submission.task)

    shared_zai.script("A number for a name", submit=[numeric])
    assert state(service.generate("A number for a name").generation) == "SUCCEEDED"


def test_glm_image_in_sync_mode_uses_the_sync_endpoint(workshop, zai):
    service = workshop.easeld(zai, EASEL_GLM_IMAGE_MODE="sync")
    service.generate("In one call")
    assert [one.endpoint for one in zai.submissions] == ["sync"]
    assert not zai.polls
