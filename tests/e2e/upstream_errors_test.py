"""The table of errors: each answer of the upstream to a submission, and what a caller is told.

All cases run before the first assertion, many at a time: what makes the next submission wait gets a service of its own.
"""
import concurrent.futures
from dataclasses import dataclass

import pytest
from fake_zai import Cut, Reply, error
from service import charge, read_status

REJECTED = ("INVALID_ARGUMENT", "UPSTREAM_REJECTED", "NONE", False)
BLOCKED = ("FAILED_PRECONDITION", "CONTENT_BLOCKED", "NONE", False)
CREDENTIALS = ("INTERNAL", "UPSTREAM_CREDENTIALS", "NONE", False)
QUOTA = ("RESOURCE_EXHAUSTED", "UPSTREAM_QUOTA", "NONE", False)
BUSY = ("RESOURCE_EXHAUSTED", "UPSTREAM_BUSY", "NONE", True)
OVERLOADED = ("UNAVAILABLE", "UPSTREAM_OVERLOADED", "NONE", True)
UNAVAILABLE = ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "NONE", True)
AMBIGUOUS = ("UNKNOWN", "OUTCOME_UNKNOWN", "UNKNOWN", False)
DUPLICATE = ("UNKNOWN", "OUTCOME_UNKNOWN", "MADE", False)
DEFECT = ("INTERNAL", "UPSTREAM_DEFECT", "UNKNOWN", False)
WAITED_FOR = (BUSY, OVERLOADED, UNAVAILABLE)  # for as long as EASEL_SUBMIT_TIMEOUT allows

HTML = Reply(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")


def html(status):
    return Reply(status, HTML.body)


def by_code(codes, http, expected):
    return [(str(code), error(http, str(code)), expected) for code in codes]


CASES = [
    *by_code([1210, 1211, 1212, 1213, 1214, 1215, 1221, 1222, 1261], 400, REJECTED),
    *by_code([1300, 1301], 400, BLOCKED),
    *by_code([1000, 1001, 1002, 1003, 1004, 1005], 401, CREDENTIALS),
    *by_code([1100, 1110, 1111, 1112, 1121, 1220], 403, CREDENTIALS),
    *by_code([1113, 1304, 1308, 1309, 1310, 1311, *range(1313, 1322)], 429, QUOTA),
    *by_code([1302, 1303], 429, BUSY),
    *by_code([1305, 1312], 429, OVERLOADED),
    *by_code([1120, 1200, 1230, 1234], 500, UNAVAILABLE),
    *by_code([1231], 400, DUPLICATE),
    ("400 html", html(400), REJECTED),
    ("401 html", html(401), CREDENTIALS),
    ("403 html", html(403), CREDENTIALS),
    ("434 html", html(434), CREDENTIALS),
    ("429 html", html(429), BUSY),
    *[(f"{status} html", html(status), AMBIGUOUS) for status in (408, 500, 502, 503, 504, 520, 524)],
    ("502 with an unknown code", error(502, "1999"), AMBIGUOUS),
    ("400 with an unknown code", error(400, "1999"), REJECTED),
    ("500 with an unknown code", error(500, "1999"), UNAVAILABLE),
    ("503 with an unknown code", error(503, "1999"), UNAVAILABLE),
    ("429 with an unknown code", error(429, "1999"), BUSY),
    ("no answer", Cut(), AMBIGUOUS),
    ("half an answer", Cut(Reply(200, {"id": "8353992347972780031", "task_status": "PROCESSING"})), AMBIGUOUS),
    ("200 with a block", error(200, "1301"), BLOCKED),
    ("200 with an overload", error(200, "1305"), OVERLOADED),
    ("200 with an empty object", Reply(200, {}), DEFECT),
    ("200 without images", Reply(200, {"created": 1, "data": []}), DEFECT),
    ("200 with html", Reply(200, "<html>fine</html>"), DEFECT),
    ("a code as a number", error(400, 1301), BLOCKED),
    ("a flat error", Reply(400, {"code": 1301, "message": "blocked"}), BLOCKED),
    ("a flat error with msg", Reply(400, {"code": "1261", "msg": "too long"}), REJECTED),
    ("an error that is a text", Reply(400, {"error": "Prompt too long", "code": 1261}), REJECTED),
    ("a message with its code in brackets", Reply(400, {"error": {"message": "[1301][unsafe content]"}}), BLOCKED),
]
# What can make the next submission of the same service wait: keys and models set aside, and failures in a row.
SETS_ASIDE = (CREDENTIALS, QUOTA, BUSY, OVERLOADED, AMBIGUOUS, UNAVAILABLE)


@dataclass
class Outcome:
    generation: object
    submissions: int


def run_case(service, zai, case, model):
    name, reply, expected = case
    prompt = f"{name} at {model}"
    zai.script(prompt, submit=[reply] * 1000)
    ended = service.end_of(service.start(prompt, model=model).name)
    return Outcome(ended, len(zai.submissions_of(prompt)))


@pytest.fixture(scope="module")
def outcomes(shared_workshop, shared_zai):
    """Every case at both endpoints, by (case, model)."""
    models = ("glm-image", "cogview-4-250304")
    plain = [case for case in CASES if case[2] not in SETS_ASIDE]
    aside = [case for case in CASES if case[2] in SETS_ASIDE]
    common = shared_workshop.easeld(shared_zai, name="common", EASEL_STORE="memory", EASEL_IMAGES="memory",
                                    EASEL_SUBMIT_TIMEOUT="1s", EASEL_UPSTREAM_CONCURRENCY_START=32)

    def alone(index):
        case = aside[index]
        service = shared_workshop.easeld(shared_zai, name=f"alone-{index}", EASEL_STORE="memory", EASEL_IMAGES="memory",
                                         EASEL_SUBMIT_TIMEOUT="1s")
        ended = [run_case(service, shared_zai, case, model) for model in models]
        service.stop()
        return {(case[0], model): outcome for model, outcome in zip(models, ended)}

    found = {}
    with concurrent.futures.ThreadPoolExecutor(4) as alone_pool, concurrent.futures.ThreadPoolExecutor(32) as pool:
        lonely = [alone_pool.submit(alone, index) for index in range(len(aside))]
        shared = {(case[0], model): pool.submit(run_case, common, shared_zai, case, model)
                  for case in plain for model in models}
        found = {key: future.result() for key, future in shared.items()}
        for future in lonely:
            found |= future.result()
    return found


@pytest.mark.parametrize("model", ["glm-image", "cogview-4-250304"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_the_upstreams_answer_becomes_a_typed_error(outcomes, case, model):
    name, _, (code, reason, charged, retry) = case
    outcome = outcomes[name, model]
    told = read_status(outcome.generation.error)
    assert (told.code, told.reason, charge(outcome.generation)) == (code, reason, charged), outcome
    assert told.domain == "easel"
    assert (told.retry_seconds is not None) == retry
    assert told.metadata["generation"] == outcome.generation.name
    assert told.metadata["charge_state"] == charged
    if name.isdigit():
        assert told.metadata["upstream_code"] == name
        assert outcome.generation.attempts[0].code == name
    price = 15000 if model == "glm-image" else 10000
    assert outcome.generation.charge.cost_micros == (0 if charged == "NONE" else price)
    if (code, reason, charged, retry) not in WAITED_FOR:
        assert outcome.submissions == 1, "it was submitted again"
    elif reason != "UPSTREAM_OVERLOADED":
        assert outcome.submissions == len(outcome.generation.attempts)
