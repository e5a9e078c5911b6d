"""ListGenerations: newest first, in pages, by state, model, time and request_id."""
import pytest
from fake_zai import Hold, error
from google.protobuf.timestamp_pb2 import Timestamp
from service import api, generation_pb2, refused, state, together

SUCCEEDED, FAILED, RENDERING = (generation_pb2.GENERATION_STATE_SUCCEEDED, generation_pb2.GENERATION_STATE_FAILED,
                                generation_pb2.GENERATION_STATE_RENDERING)


@pytest.fixture(scope="module")
def names(shared_service, shared_zai):
    """Nine that succeed, one that fails: oldest first."""
    shared_zai.script("Number 4", submit=[error(400, "1301")])
    made = []
    for number in range(10):
        model = "cogview-4-250304" if number % 2 else "glm-image"
        started = shared_service.start(f"Number {number}", model=model, request_id=f"number-{number}")
        made.append(shared_service.end_of(started.name).name)
    return made


def pages(service, **filters):
    token, found = "", []
    while True:
        request = api.ListGenerationsRequest(page_token=token, **filters)
        page = service.images.ListGenerations(request, timeout=60)
        found.append([generation.name for generation in page.generations])
        token = page.next_page_token
        if not token:
            return found


def test_the_newest_come_first(service, names):
    assert [generation.name for generation in service.list()] == names[::-1]


@pytest.mark.parametrize("size", [1, 3, 5, 10, 1000, 100000])
def test_pages_neither_lose_nor_repeat_any(service, names, size):
    found = pages(service, page_size=size)
    assert sum(found, []) == names[::-1]
    assert all(len(page) == min(size, 10) for page in found[:-1])


def test_pages_stay_true_while_more_are_made(service, names):
    request = api.ListGenerationsRequest(page_size=4, model="glm-image")
    first = service.images.ListGenerations(request, timeout=60)
    service.end_of(service.start("Made in between").name)
    second = service.images.ListGenerations(
        api.ListGenerationsRequest(page_size=4, model="glm-image", page_token=first.next_page_token), timeout=60)
    found = [generation.name for page in (first, second) for generation in page.generations]
    assert found == [name for name in names[::-1] if name in found] and len(found) == len(set(found)) == 5
    service.images.DeleteGeneration(api.DeleteGenerationRequest(
        name=service.list(page_size=1)[0].name), timeout=60)  # for the tests that count


def test_filters_must_all_hold(service, names):
    assert [generation.name for generation in service.list(states=[FAILED])] == [names[4]]
    assert len(service.list(states=[FAILED, SUCCEEDED])) == 10
    assert [generation.name for generation in service.list(model="cogview-4-250304")] == names[1::2][::-1]
    assert service.list(model="cogview-4-250304", states=[FAILED]) == []
    assert service.list(model="no-such-model") == []
    assert service.list(request_id="number-7")[0].name == names[7]
    assert service.list(request_id="number-77") == []


def test_time_bounds_include_the_first_and_exclude_the_last(service, names):
    times = {generation.name: generation.create_time for generation in service.list()}
    found = service.list(create_time_from=times[names[2]], create_time_to=times[names[5]])
    assert [generation.name for generation in found] == names[2:5][::-1]
    assert service.list(create_time_from=Timestamp(seconds=4102444800)) == []


def test_callers_see_their_own_only(service, names):
    assert names
    request = api.ListGenerationsRequest()
    answer = service.images.ListGenerations(request, metadata=[("easel-caller", "somebody.else")], timeout=60)
    assert not answer.generations


def test_a_token_belongs_to_its_filters(service, names):
    token = service.images.ListGenerations(api.ListGenerationsRequest(page_size=2), timeout=60).next_page_token
    for request in (api.ListGenerationsRequest(page_token=token, model="glm-image"),
                    api.ListGenerationsRequest(page_token="nonsense")):
        told = refused(service.images.ListGenerations, request, timeout=60)
        assert told.code == "INVALID_ARGUMENT" and list(told.violations) == ["page_token"]


def test_negative_sizes_and_unknown_states_are_refused_together(service):
    request = api.ListGenerationsRequest(page_size=-1, states=[99])
    told = refused(service.images.ListGenerations, request, timeout=60)
    assert set(told.violations) == {"page_size", "states[0]"}


def test_running_ones_are_listed_with_their_state_of_now(service, shared_zai):
    holds = [Hold() for _ in range(2)]
    for number, held in enumerate(holds):
        shared_zai.script(f"Running {number}", poll=[held])
    running = together(2, lambda number: service.reach(service.start(f"Running {number}").name, "RENDERING").name)
    found = service.list(states=[RENDERING])
    assert {generation.name for generation in found} == set(running)
    assert all(generation.progress.HasField("expected_end_time") for generation in found)
    for held in holds:
        held.release()
    assert {state(service.end_of(name)) for name in running} == {"SUCCEEDED"}
    assert service.list(states=[RENDERING]) == []


def test_what_is_deleted_is_gone(service):
    name = service.end_of(service.start("To be deleted").name).name
    service.images.DeleteGeneration(api.DeleteGenerationRequest(name=name), timeout=60)
    assert refused(service.get, name).reason == "GENERATION_NOT_FOUND"
    assert name not in [generation.name for generation in service.list()]
    assert refused(service.read_image, name).code == "NOT_FOUND"
