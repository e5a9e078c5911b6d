"""Bad input: every violation at once, in words that help; nothing of it reaches the upstream or costs anything."""
import pytest
from service import HD, STANDARD, api, image_pb2, model_pb2, refused, spec

CALLS = {"GenerateImage": api.GenerateImageRequest, "StreamGenerateImage": api.StreamGenerateImageRequest,
         "StartGeneration": api.StartGenerationRequest}


@pytest.fixture(autouse=True)
def nothing_is_spent(service, shared_zai):
    yield
    assert not shared_zai.submissions and not shared_zai.polls
    assert service.list() == []


def refuse(service, rpc="StartGeneration", **fields):
    return refused(getattr(service.images, rpc), CALLS[rpc](**fields), timeout=60)


def only(told, field):
    assert (told.code, told.reason, told.domain) == ("INVALID_ARGUMENT", "INVALID_REQUEST", "easel")
    assert list(told.violations) == [field]
    return told.violations[field]


@pytest.mark.parametrize("rpc", CALLS)
def test_every_violation_is_told_at_once(service, rpc):
    bad = spec("", model="glm-image", size=(100, 3000), quality=7, user_id="me", watermark=True)
    told = refuse(service, rpc, spec=bad, request_id="x" * 129, cancel_policy=9)
    assert (told.code, told.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert set(told.violations) == {"spec.prompt", "spec.size", "spec.quality", "spec.user_id", "spec.watermark",
                                    "request_id", "cancel_policy"}
    assert told.retry_seconds is None
    for field in told.violations:
        assert field in told.message


@pytest.mark.parametrize("prompt", ["", " ", "\n\t "])
def test_an_empty_prompt_is_refused(service, prompt):
    assert "empty" in only(refuse(service, spec=spec(prompt)), "spec.prompt")


def test_no_spec_at_all_is_refused(service):
    assert "spec.prompt" in refuse(service).violations


def test_a_prompt_over_64_kib_is_refused(service):
    assert "65536" in only(refuse(service, spec=spec("猫" * 22000)), "spec.prompt")


def test_the_limit_in_characters_is_the_operators(workshop, zai):
    service = workshop.easeld(zai, EASEL_PROMPT_MAX_CODE_POINTS="10")
    assert "11" in only(refuse(service, spec=spec("猫" * 11)), "spec.prompt")
    service.images.QuoteImage(api.QuoteImageRequest(spec=spec("猫" * 10)), timeout=60)


def test_an_unknown_model_is_answered_with_the_known_ones(service):
    told = only(refuse(service, spec=spec("A cat", model="glm-video")), "spec.model")
    assert "glm-video" in told and "glm-image" in told and "cogview-4-250304" in told


@pytest.mark.parametrize("model, size, nearest", [
    ("glm-image", (1281, 1280), "1280x1280"), ("glm-image", (100, 100), "512x512"), ("glm-image", (4096, 4096), "2048x2048"),
    ("glm-image", (0, 0), "512x512"), ("glm-image", (-1280, 1280), "512x1280"), ("glm-image", (1040, 1024), "1056x1024"),
    ("cogview-4-250304", (1000, 1024), "1008x1024"), ("cogview-4-250304", (2048, 2048), None),
    ("cogview-4-250304", (2**31 - 1, 2**31 - 1), None),
])
def test_a_size_outside_the_rules_is_answered_with_the_nearest(service, model, size, nearest):
    told = only(refuse(service, spec=spec("A cat", model=model, size=size)), "spec.size")
    assert f"{size[0]}x{size[1]}" in told
    if nearest:
        assert nearest in told
    offered = [int(side) for side in told.rsplit(" ", 1)[1].strip(".").split("x")]
    quoted = service.images.QuoteImage(api.QuoteImageRequest(spec=spec("A cat", model=model, size=offered)), timeout=60)
    assert [quoted.spec.size.width, quoted.spec.size.height] == offered


@pytest.mark.parametrize("model, size", [("glm-image", (512, 512)), ("glm-image", (2048, 2048)), ("glm-image", (1952, 832)),
                                         ("cogview-4-250304", (2048, 1024)), ("cogview-4-250304", (528, 512))])
def test_the_bounds_themselves_are_allowed(service, model, size):
    service.images.QuoteImage(api.QuoteImageRequest(spec=spec("A cat", model=model, size=size)), timeout=60)


def test_an_unknown_quality_is_refused(service):
    assert "QUALITY_HD" in only(refuse(service, spec=spec("A cat", quality=3)), "spec.quality")


@pytest.mark.parametrize("user", ["12345", "u" * 129, "猫" * 5])
def test_a_user_id_has_6_to_128_characters(service, user):
    assert "6 to 128" in only(refuse(service, spec=spec("A cat", user_id=user)), "spec.user_id")


@pytest.mark.parametrize("user", ["123456", "u" * 128, "猫" * 6, ""])
def test_a_user_id_of_that_length_is_taken(service, user):
    service.images.QuoteImage(api.QuoteImageRequest(spec=spec("A cat", user_id=user)), timeout=60)


@pytest.mark.parametrize("request_id", ["x" * 129, "tab\there", "é", "new\nline", "\x7f"])
def test_a_request_id_is_short_printable_ascii(service, request_id):
    only(refuse(service, spec=spec("A cat"), request_id=request_id), "request_id")


def test_a_watermark_is_refused_where_the_host_has_no_switch(service):
    for wish in (True, False):
        only(refuse(service, spec=image_pb2.ImageSpec(prompt="A cat", watermark=wish)), "spec.watermark")


def test_unknown_deliveries_and_policies_are_refused(service):
    only(refuse(service, "GenerateImage", spec=spec("A cat"), image_delivery=7), "image_delivery")
    only(refuse(service, "GenerateImage", spec=spec("A cat"), cancel_policy=7), "cancel_policy")


def raw(service, rpc, data):
    """A call with bytes that no protobuf library would make."""
    return refused(service.channel.unary_unary(f"/easel.v1.ImageService/{rpc}"), data, timeout=60)


def text(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


@pytest.mark.parametrize("data", [b"\xff", b"a cat \xc3\x28", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"\xe7\x8c"],
                         ids=["byte", "half", "surrogate", "overlong", "beyond unicode", "cut off"])
def test_text_that_is_not_utf8_is_named_by_its_field(service, data):
    told = raw(service, "StartGeneration", text(1, text(2, data)))
    assert "UTF-8" in only(told, "spec.prompt")


def test_bad_text_is_told_with_every_other_violation(service):
    told = raw(service, "GenerateImage", text(1, text(1, b"no-such-model") + text(2, b"\xff") + text(5, b"\xfe")) +
               text(2, b"\x80"))
    assert set(told.violations) == {"spec.model", "spec.prompt", "spec.user_id", "request_id"}


def test_bytes_that_are_no_message_are_refused(service):
    assert raw(service, "StartGeneration", b"\xff\xff\xff\xff").code in ("INVALID_ARGUMENT", "INTERNAL")


def test_fields_of_a_later_version_are_ignored(service):
    request = api.QuoteImageRequest(spec=spec("A cat")).SerializeToString() + text(15, b"from the future")
    answer = service.channel.unary_unary("/easel.v1.ImageService/QuoteImage")(request, timeout=60)
    assert api.QuoteImageResponse.FromString(answer).cost_micros == 15000


@pytest.mark.parametrize("rpc, request_type", [
    ("GetGeneration", api.GetGenerationRequest), ("CancelGeneration", api.CancelGenerationRequest),
    ("DeleteGeneration", api.DeleteGenerationRequest), ("WatchGeneration", api.WatchGenerationRequest),
    ("ReadImage", api.ReadImageRequest)])
def test_names_are_checked_and_unknown_ones_not_found(service, rpc, request_type):
    call = getattr(service.images, rpc)
    told = refused(call, request_type(name="generations/0000000000000000"), timeout=60)
    assert (told.code, told.reason, told.domain) == ("NOT_FOUND", "GENERATION_NOT_FOUND", "easel")
    for name in ("", "generations/", "images/1", "generations/../etc", "generations/" + "x" * 5000):
        assert list(refused(call, request_type(name=name), timeout=60).violations) == ["name"]


@pytest.mark.parametrize("caller", ["", "Upper", "with space", "x" * 65])
def test_a_callers_name_is_checked(service, caller):
    told = refused(service.images.ListModels, api.ListModelsRequest(), metadata=[("easel-caller", caller)], timeout=60)
    assert told.violations.keys() == {"easel-caller"}


def test_negative_offsets_and_revisions_are_refused(service):
    name = "generations/0000000000000000"
    assert "read_offset" in refused(service.read_image, name, -1).violations
    assert "revision" in refused(lambda: list(service.watch(name, -1))).violations


def test_qualities_of_this_host_are_all_taken(service):
    for model in ("glm-image", "cogview-4-250304"):
        for quality in (HD, STANDARD, model_pb2.QUALITY_UNSPECIFIED):
            request = api.QuoteImageRequest(spec=spec("A cat", model=model, quality=quality))
            service.images.QuoteImage(request, timeout=60)
