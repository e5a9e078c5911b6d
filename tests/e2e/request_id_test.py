"""request_id: the same id is the same generation, and is paid once."""
import pytest
from fake_zai import Cut, Hold, Reply, error
from service import INLINE, STANDARD, api, charge, refused, spec, state, together


def test_twenty_equal_calls_at_once_cost_one_image(service, shared_zai):
    made = together(20, lambda _: service.generate("Twenty times", request_id="twenty", delivery=INLINE))
    assert len({reply.generation.name for reply in made}) == 1
    assert len({reply.image_data for reply in made}) == 1
    assert len(shared_zai.submissions_of("Twenty times")) == 1


def test_calls_of_different_kinds_meet_in_one_generation(service, shared_zai):
    held = Hold()
    shared_zai.script("All kinds", poll=[held])
    started = service.start("All kinds", request_id="kinds")
    request = {"spec": spec("All kinds"), "request_id": "kinds"}
    waiting = service.begin("All kinds", request_id="kinds")
    streamed = service.images.StreamGenerateImage(api.StreamGenerateImageRequest(**request), timeout=60)
    assert waiting.name() == started.name
    assert next(streamed).generation.name == started.name
    held.release()
    assert waiting.result().generation.name == started.name
    assert [reply.generation for reply in streamed][-1].name == started.name
    assert shared_zai.charged("All kinds") == 1


def test_delivery_follows_each_call(service, shared_zai):
    first = service.generate("Delivered twice", request_id="delivered")
    second = service.generate("Delivered twice", request_id="delivered", delivery=INLINE)
    assert first.image_data == b"" and len(second.image_data) == second.generation.image.size_bytes
    assert shared_zai.charged("Delivered twice") == 1


@pytest.mark.parametrize("other, fields", [
    ({"prompt": "Another content"}, {"spec.prompt"}), ({"size": (1024, 1024)}, {"spec.size"}),
    ({"quality": STANDARD, "user_id": "user-7"}, {"spec.quality", "spec.user_id"}), ({"model": "glm-image"}, {"spec.model"}),
], ids=["prompt", "size", "two fields", "a default spelled out"])
def test_the_same_id_with_another_content_is_a_conflict(service, shared_zai, request, other, fields):
    request_id = f"conflict {request.node.callspec.id}"
    service.generate("The content", request_id=request_id)
    told = refused(service.generate, other.pop("prompt", "The content"), request_id=request_id, **other)
    assert (told.code, told.reason) == ("ALREADY_EXISTS", "REQUEST_ID_CONFLICT")
    named = set(told.metadata["differing_fields"].replace(" ", "").split(","))
    assert {field.removeprefix("spec.") for field in named} == {field.removeprefix("spec.") for field in fields}
    assert not shared_zai.submissions_of("Another content")


def test_ids_belong_to_a_caller(service, shared_zai):
    names = {service.generate("Two callers", request_id="mine", metadata=[("easel-caller", caller)]).generation.name
             for caller in ("alice", "bob", "alice")}
    assert len(names) == 2
    assert shared_zai.charged("Two callers") == 2


def test_without_an_id_each_call_is_a_generation_of_its_own(service, shared_zai):
    made = [service.generate("No id").generation for _ in range(2)]
    assert made[0].name != made[1].name and made[0].request_id and made[0].request_id != made[1].request_id
    assert shared_zai.charged("No id") == 2


def test_a_failure_that_cost_nothing_starts_again_under_its_id(service, shared_zai):
    shared_zai.script("Second try", submit=[error(400, "1301")])
    told = refused(service.generate, "Second try", request_id="second-try")
    again = service.generate("Second try", request_id="second-try").generation
    assert again.name == told.metadata["generation"]
    assert (state(again), charge(again), len(again.attempts)) == ("SUCCEEDED", "MADE", 2)
    assert not again.HasField("error") and not again.content_filter


@pytest.mark.parametrize("prompt, script, reason", [
    ("Unknown outcome", {"submit": [Cut()]}, "OUTCOME_UNKNOWN"),
    ("Paid and failed", {"poll": [{"task_status": "FAIL"}]}, "UPSTREAM_DEFECT"),
])
def test_a_failure_that_may_have_cost_is_told_again_and_not_paid_again(service, shared_zai, prompt, script, reason):
    shared_zai.script(prompt, **{kind: [Reply(200, step) if isinstance(step, dict) else step for step in steps]
                                 for kind, steps in script.items()})
    told = [refused(service.generate, prompt, request_id=prompt) for _ in range(3)]
    assert {one.reason for one in told} == {reason}
    assert len({one.metadata["generation"] for one in told}) == 1
    assert len(shared_zai.submissions_of(prompt)) == 1


def test_an_id_is_known_after_a_restart(workshop, zai):
    service = workshop.easeld(zai)
    first = service.generate("Remembered", request_id="remembered", delivery=INLINE)
    service.stop()
    again = workshop.easeld(zai)
    second = again.generate("Remembered", request_id="remembered", delivery=INLINE)
    assert second.generation.name == first.generation.name
    assert second.image_data == first.image_data
    assert refused(again.generate, "Forgotten", request_id="remembered").code == "ALREADY_EXISTS"
    assert zai.charged("Remembered") == 1


def test_a_known_id_is_never_refused_by_a_full_queue(workshop, zai):
    service = workshop.easeld(zai, EASEL_QUEUE_MAX=1, EASEL_UPSTREAM_CONCURRENCY_START=1, EASEL_UPSTREAM_CONCURRENCY_MAX=1)
    done = service.generate("Done before", request_id="done").generation
    held = Hold()
    zai.script("At work", poll=[held])
    running = service.start("At work", request_id="running")
    service.reach(running.name, "RENDERING")
    waiting = service.start("Waits", request_id="waiting")
    told = refused(service.start, "One too many", request_id="too-many")
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL") and told.retry_seconds > 0
    assert service.list(request_id="too-many") == []
    assert service.start("Done before", request_id="done").name == done.name
    assert service.start("At work", request_id="running").name == running.name
    assert service.start("Waits", request_id="waiting").name == waiting.name
    held.release()
    assert state(service.end_of(waiting.name)) == "SUCCEEDED"
    assert state(service.end_of(service.start("One too many", request_id="too-many").name)) == "SUCCEEDED"
