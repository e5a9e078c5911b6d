"""GenerateImage: a prompt goes in over gRPC, a verified image comes out."""
import hashlib
import pathlib

import grpc
import png
import pytest
from fake_zai import Hold, Reply
from service import HD, INLINE, STANDARD, api, api_grpc, charge, http_get, refused, spec, state

PROMPTS = sorted((pathlib.Path(__file__).parents[2] / "deploy" / "prompts").glob("*.txt"))
GLM_SIZES = [(1280, 1280), (1568, 1056), (1056, 1568), (1472, 1088), (1088, 1472), (1728, 960), (960, 1728)]
COGVIEW_SIZES = [(1024, 1024), (768, 1344), (864, 1152), (1344, 768), (1152, 864), (1440, 720), (720, 1440)]
SIZES = [("glm-image", size) for size in GLM_SIZES] + [("cogview-4-250304", size) for size in COGVIEW_SIZES]


@pytest.fixture(scope="module")
def sandboxed(shared_workshop):
    """The local Z.AI, and a service in front of it."""
    sandbox = shared_workshop.sandbox()
    return sandbox, shared_workshop.easeld(sandbox, name="with-sandbox", EASEL_STORE="memory", EASEL_IMAGES="memory")


def check(generation, data, size):
    """The record says what an independent reader finds in the bytes."""
    assert png.read(data) == size
    image = generation.image
    assert state(generation) == "SUCCEEDED"
    assert (image.width, image.height, image.size_bytes, image.content_type) == (*size, len(data), "image/png")
    assert image.sha256 == hashlib.sha256(data).hexdigest()
    assert not image.warnings
    assert charge(generation) == "MADE"


@pytest.mark.parametrize("quality", [HD, STANDARD], ids=["hd", "standard"])
@pytest.mark.parametrize("model, size", SIZES)
def test_every_recommended_size_is_made_and_verified(service, shared_zai, model, size, quality):
    prompt = f"A lighthouse in {size}, {model}, {quality}"
    reply = service.generate(prompt, model=model, size=size, quality=quality, delivery=INLINE)
    check(reply.generation, reply.image_data, size)
    (submission,) = shared_zai.submissions_of(prompt)
    assert submission.body == {"model": model, "prompt": prompt, "quality": "hd" if quality == HD else "standard",
                               "size": f"{size[0]}x{size[1]}"}
    assert submission.endpoint == ("async" if model == "glm-image" and quality == HD else "sync")


@pytest.mark.parametrize("model, size", [("glm-image", (1728, 960)), ("cogview-4-250304", (720, 1440))])
def test_the_sandbox_makes_its_pictures_in_the_size_asked_for(sandboxed, model, size):
    sandbox, service = sandboxed
    prompt = f"A sign that says \u201c开放\u201d in {size}"
    reply = service.generate(prompt, model=model, size=size, delivery=INLINE)
    check(reply.generation, reply.image_data, size)
    assert [entry["charged"] for entry in sandbox.entries(prompt)] == [True]


@pytest.mark.parametrize("file", PROMPTS, ids=lambda file: file.stem)
def test_every_prompt_of_the_project_arrives_letter_by_letter(service, shared_zai, file):
    prompt = file.read_text(encoding="utf-8").strip()
    reply = service.generate(prompt, delivery=INLINE)
    check(reply.generation, reply.image_data, (1280, 1280))
    assert shared_zai.charged(prompt) == 1


@pytest.mark.parametrize("prompt", [
    "一只可爱的小猫坐在阳光明媚的窗台上，背景是蓝天白云",
    "海报，上面写着\u201c春季大促\u201d — 价格 ¥99 \U0001f431\u200d\U0001f4bb",
    "\"quoted\" \\ back/slash \t tab \n line \u2028 separator \x7f",
    "猫" * 1000,
    ("A kitten on a windowsill. " * 40)[:1000],
], ids=["chinese", "emoji", "escapes", "1000 chinese characters", "1000 letters"])
def test_any_text_reaches_the_upstream_unchanged(service, shared_zai, prompt):
    reply = service.generate(prompt, model="cogview-4-250304", delivery=INLINE)
    check(reply.generation, reply.image_data, (1024, 1024))
    assert reply.generation.spec.prompt == prompt
    assert shared_zai.charged(prompt) == 1


def test_defaults_are_those_of_the_model(service, shared_zai):
    made = service.generate("A bicycle", user_id="user-123456").generation
    assert (made.spec.model, made.spec.quality, made.spec.size.width, made.spec.size.height) == ("glm-image", HD, 1280, 1280)
    assert shared_zai.submissions_of("A bicycle")[0].body["user_id"] == "user-123456"
    made = service.generate("A tricycle", model="cogview-4-250304").generation
    assert (made.spec.quality, made.spec.size.width, made.spec.size.height) == (STANDARD, 1024, 1024)


def test_the_image_is_served_at_its_url(service):
    made = service.generate("An open door").generation
    assert made.image.url.startswith(service.http + "/images/")
    assert made.image.url_expire_time.ToDatetime() > made.end_time.ToDatetime()
    whole = http_get(made.image.url)
    assert (whole.status, whole.headers["Content-Type"]) == (200, "image/png")
    check(made, whole.body, (1280, 1280))
    part = http_get(made.image.url, Range="bytes=8-23")
    assert (part.status, part.body) == (206, whole.body[8:24])
    assert part.headers["Content-Range"] == f"bytes 8-23/{len(whole.body)}"
    assert http_get(made.image.url, Range=f"bytes={len(whole.body)}-").status == 416


def test_a_url_with_another_signature_opens_nothing(service):
    url = service.generate("A closed door").generation.image.url
    last = url[-1]
    broken = http_get(url[:-1] + ("0" if last != "0" else "1"))
    assert broken.status in (403, 404)
    assert b"PNG" not in broken.body
    assert http_get(url.split("?")[0]).status in (403, 404)


def test_a_reply_with_a_url_carries_no_bytes(service):
    assert service.generate("A light parcel").image_data == b""


def test_the_name_arrives_before_the_image(service, shared_zai):
    held = Hold()
    shared_zai.script("A slow painting", poll=[held])
    call = service.begin("A slow painting")
    name = call.name()
    assert call.waits()
    assert state(service.get(name)) in ("QUEUED", "SUBMITTING", "RENDERING")
    held.release()
    assert call.result().generation.name == name


def test_an_image_larger_than_the_callers_limit_names_the_way_to_read_it(service):
    answer = refused(service.generate, "A whole mural", delivery=INLINE, metadata=[("easel-max-receive-bytes", "1000")])
    assert (answer.code, answer.reason) == ("FAILED_PRECONDITION", "IMAGE_TOO_LARGE")
    assert "ReadImage" in answer.message
    name = answer.metadata["generation"]
    assert state(service.get(name)) == "SUCCEEDED"
    assert int(answer.metadata["size_bytes"]) == len(b"".join(chunk.data for chunk in service.read_image(name)))


def test_an_image_over_grpcs_own_limit_arrives_where_the_caller_takes_it(service, shared_zai):
    data = png.noise(1280, 1280)
    assert len(data) > 4 * 2**20
    shared_zai.script("A photograph of a forest", image=[Reply(200, data, {"Content-Type": "image/png"})])
    answer = refused(service.generate, "A photograph of a forest", request_id="forest", delivery=INLINE)
    assert (answer.code, answer.reason) == ("FAILED_PRECONDITION", "IMAGE_TOO_LARGE")
    with grpc.insecure_channel(service.address, [("grpc.max_receive_message_length", 2**24)]) as wide:
        request = api.GenerateImageRequest(spec=spec("A photograph of a forest"), request_id="forest", image_delivery=INLINE)
        reply = api_grpc.ImageServiceStub(wide).GenerateImage(
            request, metadata=[("easel-max-receive-bytes", str(2**24))], timeout=60)
    check(reply.generation, reply.image_data, (1280, 1280))
    assert shared_zai.charged("A photograph of a forest") == 1


def test_callers_are_kept_apart(service):
    made = service.generate("A diary", metadata=[("easel-caller", "alice")]).generation
    request = api.GetGenerationRequest(name=made.name)
    assert refused(service.images.GetGeneration, request, metadata=[("easel-caller", "bob")]).code == "NOT_FOUND"
    assert service.images.GetGeneration(request, metadata=[("easel-caller", "alice")]).generation.name == made.name


def test_the_upstream_is_told_only_what_it_needs(service, shared_zai):
    service.generate("A postcard")
    headers = {name.lower(): value for name, value in shared_zai.submissions_of("A postcard")[0].headers.items()}
    assert headers["authorization"] == "Bearer " + shared_zai.key
    assert headers["accept-language"] == "en-US,en"
    assert headers["user-agent"].startswith("easel")
