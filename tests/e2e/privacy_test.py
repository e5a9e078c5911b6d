"""No prompt, key or signature appears in a log, a metric or an error, whatever happens."""
import pytest
from fake_zai import Cut, Hold, Reply, error
from service import INLINE, api, refused, spec

SECRET = "xyzzy-prompt"  # in every prompt
USER = "user-xyzzy-id"
LEAKS = [SECRET, USER, "fakeSecretFake01", "aB%2b%2Fc", "aB+/c", "UCloudPublicKey", "Signature"]


def look(text, where):
    for leak in LEAKS:
        assert leak not in text, f"{leak} is in {where}: ...{text[max(0, text.find(leak) - 300):][:600]}"


def echo(status, code):
    """An upstream that repeats prompt, key and a signed URL in its error message."""
    def reply(body):
        url = "https://mfile.z.ai/x.png?UCloudPublicKey=TOKEN_1&Signature=aB%2b%2Fc+d%3D%3d&Expires=1"
        return error(status, code, f"bad prompt {body['prompt']!r} of {USER}, key 0123456789abcdef.fakeSecretFake01, see {url}")
    return reply


SCRIPTS = {
    "success": {},
    "blocked": {"submit": [echo(400, "1301")]},
    "rejected": {"submit": [echo(400, "1214")]},
    "unavailable at first": {"submit": [echo(500, "1234")]},
    "cut": {"submit": [Cut()]},
    "html": {"submit": [lambda body: Reply(502, f"<html>{body['prompt']}</html>")]},
    "failing task": {"poll": [lambda body: Reply(200, {"task_status": "FAIL", "error": echo(200, "1234")(body).body["error"]})]},
    "no image": {"image": [Reply(200, "<html>")] * 100},
    "late image": {"image": [Reply(404, "{}")] * 2},
    "refused image": {"image": [lambda body: Reply(302, "", {"Location": "http://127.0.0.2/x?Signature=aB%2b%2Fc"})] * 100},
}


@pytest.fixture(scope="module")
def told(shared_service, shared_zai):
    """What callers were told in every case."""
    texts = {}
    for name, script in SCRIPTS.items():
        prompt = f"{SECRET}: {name}"
        shared_zai.script(prompt, **script)
        generation = shared_service.end_of(shared_service.start(prompt, user_id=USER).name)
        texts[name] = str(generation.error)
    return texts


@pytest.mark.parametrize("name", SCRIPTS)
def test_errors_tell_neither_prompt_nor_key_nor_signature(told, name):
    look(told[name], f"the error of '{name}'")


def test_refusals_of_bad_requests_do_not_repeat_the_prompt(service):
    for request in (spec(SECRET * 10000), spec(SECRET, model="glm-video"), spec(SECRET, size=(1, 1)), spec(SECRET, user_id="u")):
        look(str(refused(service.images.GenerateImage, api.GenerateImageRequest(spec=request), timeout=60)), "a refusal")
    service.generate(f"{SECRET}: one", request_id="privacy-1")
    look(str(refused(service.generate, f"{SECRET}: other", request_id="privacy-1")), "a conflict")


def test_metrics_and_log_tell_nothing(service, told, shared_zai):
    assert told
    service.generate(f"{SECRET}: inline", delivery=INLINE, user_id=USER)
    held = Hold()
    shared_zai.script(f"{SECRET}: aborted", submit=[held])
    name = service.start(f"{SECRET}: aborted", model="cogview-4-250304").name
    assert held.entered.wait(60)
    service.cancel(name, 2)
    look(service.metrics(), "/metrics")
    look(service.log(), "the log")
    assert name in service.log(), "the log is the one that is meant"


def test_the_log_of_a_restart_tells_nothing(workshop, zai):
    held = Hold()
    zai.script(f"{SECRET}: restarted", poll=[held])
    service = workshop.easeld(zai)
    name = service.reach(service.start(f"{SECRET}: restarted").name, "RENDERING").name
    service.kill()
    held.release()
    again = workshop.easeld(zai)
    again.end_of(name)
    again.stop()
    look(again.log(), "the log")


def test_the_signature_of_an_image_url_is_not_logged(service):
    url = service.generate(f"{SECRET}: signed").generation.image.url
    signature = url.split("?", 1)[1].split("=")[-1]
    assert len(signature) > 10
    assert signature not in service.log() and signature not in service.metrics()
