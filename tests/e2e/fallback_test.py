"""Where the first upstream cannot take the work: the next one, and for callers who allow it another model."""
import pytest
from fake_zai import FakeZai, Reply, error
from service import charge, read_status, state

COGVIEW = "cogview-4-250304"
GLM = "glm-image"


@pytest.fixture
def other():
    fake = FakeZai()
    yield fake
    fake.close()
    assert not fake.complaints, f"the other upstream was asked what it cannot understand: {fake.complaints}"


def with_fallback(workshop, first, other, **settings):
    config = workshop.directory / "easel.yaml"
    config.write_text(f"""
upstream:
  fallbacks:
    - base_url: {other.base_url}
      keys: [{{api_key_env: OTHER_KEY}}]
      image_hosts: ["127.0.0.1"]
      prices:
        - {{model: {GLM}, quality: hd, cost_micros: 21000, currency: USD}}
""")
    return workshop.easeld(first, arguments=["--config", config], OTHER_KEY=other.key, **settings)


@pytest.mark.parametrize("reply", [error(401, "1000"), error(429, "1113"), error(429, "1302"), error(429, "1305"),
                                   error(500, "1234")], ids=lambda reply: reply.body["error"]["code"])
def test_another_upstream_takes_what_the_first_cannot(workshop, zai, other, reply):
    service = with_fallback(workshop, zai, other)
    # Retry-After: on a slow machine the first one's second would be over before the other one is thought of.
    zai.script("Somewhere", submit=[Reply(reply.status, reply.body, {"Retry-After": "60"})] * 100)
    made = service.end_of(service.start("Somewhere").name)
    assert state(made) == "SUCCEEDED", made.error
    assert [attempt.upstream for attempt in made.attempts] == [zai.base_url, other.base_url]
    assert (made.charge.cost_micros, list(made.image.warnings)) == (21000, [])
    assert (zai.charged("Somewhere"), other.charged("Somewhere")) == (0, 1)
    assert service.sample("easel_charge_micros_total", model=GLM, quality="hd", currency="USD") == 21000
    if reply.status == 401 or reply.body["error"]["code"] == "1113":
        key = made.attempts[0].key_fingerprint
        assert service.sample("easel_upstream_key_up", upstream=zai.base_url, key=key) == 0
        assert "upstream key set aside" in service.log()


def test_an_upstream_that_is_not_there_is_replaced(workshop, zai, other):
    service = with_fallback(workshop, zai, other)
    zai.close()
    made = service.end_of(service.start("Nobody home").name)
    assert state(made) == "SUCCEEDED", made.error
    assert (charge(made), other.charged("Nobody home")) == ("MADE", 1)


def test_what_the_first_upstream_takes_goes_nowhere_else(workshop, zai, other):
    service = with_fallback(workshop, zai, other, EASEL_UPSTREAM_CONCURRENCY_START=1)
    names = [service.start(f"Number {number}").name for number in range(6)]
    assert [state(service.end_of(name)) for name in names] == ["SUCCEEDED"] * 6
    assert (len(zai.submissions), len(other.submissions)) == (6, 0)


@pytest.mark.parametrize("reply,reason", [(error(400, "1301"), "CONTENT_BLOCKED"), (error(400, "1214"), "UPSTREAM_REJECTED"),
                                          (Reply(502, "<html>"), "OUTCOME_UNKNOWN")], ids=["1301", "1214", "502"])
def test_a_block_a_rejection_and_the_unknown_are_tried_nowhere_else(workshop, zai, other, reply, reason):
    service = with_fallback(workshop, zai, other)
    zai.script("No", submit=[reply])
    ended = service.end_of(service.start("No", allow_fallback=True).name)
    assert read_status(ended.error).reason == reason
    assert (len(zai.submissions), len(other.submissions)) == (1, 0)


@pytest.mark.parametrize("reply", [error(429, "1305"), error(429, "1311")], ids=["1305", "1311"])
def test_another_model_for_a_caller_who_allows_it(workshop, zai, reply):
    service = workshop.easeld(zai)
    zai.script("Anything", submit=[reply])
    made = service.end_of(service.start("Anything", allow_fallback=True, size=(2048, 2048)).name)
    assert state(made) == "SUCCEEDED", made.error
    assert [attempt.model for attempt in made.attempts] == [GLM, COGVIEW]
    assert (made.spec.model, made.spec.size.width, made.image.width) == (GLM, 2048, 1440)
    assert made.charge.cost_micros == 10000
    assert COGVIEW in made.image.warnings[-1]
    assert [one.body["model"] for one in zai.submissions] == [GLM, COGVIEW]
    assert service.sample("easel_charge_micros_total", model=COGVIEW, quality="hd", currency="USD") == 10000


def test_no_other_model_for_a_caller_who_does_not(workshop, zai):
    service = workshop.easeld(zai)
    zai.script("Only that", submit=[error(429, "1311")])
    ended = service.end_of(service.start("Only that").name)
    assert read_status(ended.error).reason == "UPSTREAM_QUOTA"
    assert len(zai.submissions) == 1


def test_fallbacks_are_not_for_a_service_without_its_first_key(workshop, other):
    with pytest.raises(AssertionError, match="no key of the first upstream"):
        with_fallback(workshop, None, other)
