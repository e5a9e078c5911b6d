"""StreamGenerateImage: every change of state first, then the image in pieces."""
import hashlib

import grpc
import png
from fake_zai import Hold, error
from processes import until
from service import ABORT, INLINE, STANDARD, api, charge, refusal_of, spec, state


def stream(service, prompt, delivery=0, policy=0, request_id="", **more):
    request = api.StreamGenerateImageRequest(spec=spec(prompt, **more), image_delivery=delivery, cancel_policy=policy,
                                             request_id=request_id)
    return service.images.StreamGenerateImage(request, timeout=60)


def split(replies):
    replies = list(replies)
    generations = [reply.generation for reply in replies if reply.HasField("generation")]
    chunks = [reply.image_chunk for reply in replies if reply.HasField("image_chunk")]
    kinds = [reply.WhichOneof("event") for reply in replies]
    assert kinds == ["generation"] * len(generations) + ["image_chunk"] * len(chunks), "states first, then the image"
    return generations, chunks


def test_states_come_first_and_then_the_image(service):
    generations, chunks = split(stream(service, "A stream", delivery=INLINE))
    revisions = [generation.revision for generation in generations]
    assert revisions == sorted(revisions)
    last = generations[-1]
    assert state(last) == "SUCCEEDED"
    data = b"".join(chunk.data for chunk in chunks)
    assert png.read(data) == (1280, 1280)
    assert last.image.sha256 == hashlib.sha256(data).hexdigest()
    assert (chunks[0].size_bytes, chunks[0].sha256) == (len(data), last.image.sha256)
    at = 0
    for chunk in chunks:
        assert chunk.offset == at and 0 < len(chunk.data) <= 65536
        at += len(chunk.data)


def test_without_inline_delivery_only_states_come(service):
    generations, chunks = split(stream(service, "A stream of words", quality=STANDARD))
    assert not chunks
    assert generations[-1].image.url


def test_states_arrive_while_the_work_goes_on(service, shared_zai):
    held = Hold()
    shared_zai.script("A slow stream", poll=[held])
    call = stream(service, "A slow stream")
    seen = []
    for reply in call:
        seen.append(state(reply.generation))
        if seen[-1] == "RENDERING":
            assert reply.generation.progress.HasField("expected_end_time")
            assert reply.generation.progress.fraction < 1
            assert not held.released.is_set()
            held.release()
    assert seen[-1] == "SUCCEEDED"
    assert dict(call.initial_metadata())["easel-generation"] == reply.generation.name


def test_a_failure_is_the_streams_status_after_its_last_state(service, shared_zai):
    shared_zai.script("A blocked stream", submit=[error(400, "1301")])
    seen = []
    try:
        for reply in stream(service, "A blocked stream", delivery=INLINE):
            seen.append(reply.generation)
        raise AssertionError("the stream ended well")
    except grpc.RpcError as problem:
        told = refusal_of(problem)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "CONTENT_BLOCKED")
    assert state(seen[-1]) == "FAILED"


def test_a_stream_that_is_hung_up_leaves_the_work_alone(service, shared_zai):
    held = Hold()
    shared_zai.script("Hung up", poll=[held])
    call = stream(service, "Hung up")
    name = next(call).generation.name
    call.cancel()
    held.release()
    assert state(service.end_of(name)) == "SUCCEEDED"


def test_a_stream_that_is_hung_up_with_abort_stops_the_work(service, shared_zai):
    held = Hold()
    shared_zai.script("Hung up for good", poll=[held])
    call = stream(service, "Hung up for good", policy=ABORT)
    for reply in call:
        if state(reply.generation) == "RENDERING":
            break
    call.cancel()
    # By looking only: a watcher would keep it alive.
    def ended():
        now = service.get(reply.generation.name)
        return now if now.HasField("end_time") else None

    last = until(ended, "the end")
    assert (state(last), charge(last)) == ("CANCELLED", "MADE")


def test_the_same_id_streams_an_ended_image_again(service, shared_zai):
    for _ in range(2):
        generations, chunks = split(stream(service, "Once and again", delivery=INLINE, request_id="once-and-again"))
        assert state(generations[-1]) == "SUCCEEDED"
        assert png.read(b"".join(chunk.data for chunk in chunks)) == (1280, 1280)
    assert shared_zai.charged("Once and again") == 1
