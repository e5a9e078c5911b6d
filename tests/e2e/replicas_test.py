"""Several easeld on one PostgreSQL: any of them answers for any generation, and what one leaves another carries on."""
import hashlib
import pathlib
import signal
import tempfile

import grpc
import png
import pytest
from callers import KEYS, As, caller, write_config
from fake_zai import Hold
from postgres import Postgres, Wire
from processes import until
from service import (ABORT, FINISH, INLINE, api, charge, http_get, read_status, refusal_of, refused, spec, state,
                     together)

COGVIEW = "cogview-4-250304"
SHORT = "4s"  # a lease that is waited for; a slow disk must not make one end that is held


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="easel-postgres-") as directory:  # pytest's own are closed to other users
        postgres = Postgres(pathlib.Path(directory) / "server")
        yield postgres
        postgres.close()


@pytest.fixture
def database(server):
    """A clean one."""
    server.sql("DROP SCHEMA IF EXISTS easel CASCADE")
    return server


@pytest.fixture
def replica(workshop, zai, database):
    def start(name, url=None, lease=None, **settings):
        return workshop.easeld(zai, name=name, EASEL_STORE=url or database.url, EASEL_LEASE=lease, **settings)
    return start


def test_any_replica_answers_for_any_generation(replica, zai):
    held = Hold()
    zai.script("Shared", poll=[held])
    one, other = replica("one"), replica("other")
    name = one.reach(one.start("Shared", request_id="shared").name, "RENDERING").name
    assert state(other.get(name)) == "RENDERING"
    watching = other.watch(name)
    assert state(next(watching).generation) == "RENDERING"
    held.release()
    last = [reply.generation for reply in watching][-1]
    assert (state(last), charge(last)) == ("SUCCEEDED", "MADE")
    data = b"".join(chunk.data for chunk in other.read_image(name))
    assert hashlib.sha256(data).hexdigest() == last.image.sha256
    assert [found.name for found in other.list(request_id="shared")] == [name]
    one.end_of(name)  # the other one may have heard of the end first
    # A link of one works at the other: they share the secret, too.
    assert http_get(other.get(name).image.url.replace(other.http, one.http)).body == data
    other.images.DeleteGeneration(api.DeleteGenerationRequest(name=name))
    assert refused(one.get, name).code == "NOT_FOUND"


def test_a_repeated_request_joins_what_another_replica_makes(replica, zai):
    held = Hold()
    zai.script("Joined", poll=[held])
    one, other = replica("one"), replica("other")
    name = one.reach(one.start("Joined", request_id="joined").name, "RENDERING").name
    waiting = other.begin("Joined", request_id="joined")
    assert waiting.name() == name
    held.release()
    assert waiting.result().generation.name == name
    assert refused(other.start, "Another", request_id="joined").code == "ALREADY_EXISTS"
    assert len(zai.submissions) == 1


def test_the_same_request_at_all_replicas_at_once_is_paid_once(replica, zai):
    services = [replica(name) for name in ("one", "other", "third")]
    answers = together(12, lambda n: services[n % 3].generate("At once", request_id="at-once", delivery=INLINE))
    assert len({answer.generation.name for answer in answers}) == 1
    assert (zai.charged("At once"), len(zai.submissions)) == (1, 1)


@pytest.fixture
def asking_at_all(workshop, zai, database):
    """Asks for images as ada at three replicas at once; the answers' reasons, with "" for those that were taken."""
    def ask(count, **limits):
        config = write_config(workshop.directory, [caller("ada", **limits)])
        services = [workshop.easeld(zai, arguments=["--config", config], name=name, EASEL_STORE=database.url)
                    for name in ("one", "other", "third")]
        callers = [As(service, KEYS["ada"]) for service in services]

        def begin(number):
            try:
                callers[number % 3].start(spec("Asked"))
                return ""
            except grpc.RpcError as error:
                return refusal_of(error).reason
        return together(count, begin), callers
    return ask


def test_no_more_in_flight_at_all_replicas_than_one_may_have(asking_at_all, zai):
    held = Hold()
    zai.script("Asked", poll=[held] * 5)
    reasons, callers = asking_at_all(24, max_in_flight=5)
    assert sorted(reasons) == [""] * 5 + ["CALLER_LIMIT"] * 19
    held.release()
    for generation in callers[0].list():
        for one in callers:  # whoever ran it gives its place back before it tells of the end
            one.end_of(generation.name)
    assert [one.start(spec("Now there is room")).name for one in callers]


def test_no_more_money_at_all_replicas_than_one_may_spend(asking_at_all, zai):
    reasons, callers = asking_at_all(24, daily_budgets=[{"currency": "USD", "cost_micros": 75000}])
    assert sorted(reasons) == [""] * 5 + ["CALLER_BUDGET"] * 19
    for generation in callers[0].list():
        callers[0].end_of(generation.name)
        callers[0].delete(generation.name)
    for one in callers:
        assert refused(one.start, spec("What is deleted stays paid")).reason == "CALLER_BUDGET"
    assert len(zai.submissions) == 5


def test_no_more_in_a_minute_at_all_replicas_than_one_may_start(asking_at_all):
    reasons, _ = asking_at_all(12, starts_per_minute=1, burst=4)
    assert sorted(reasons) == [""] * 4 + ["CALLER_LIMIT"] * 8


@pytest.mark.parametrize("policy,ended,sent", [(ABORT, "CANCELLED", 1), (FINISH, "SUCCEEDED", 1)])
def test_what_runs_elsewhere_can_be_cancelled(replica, zai, policy, ended, sent):
    held = Hold()
    zai.script("Cancelled", poll=[held])
    one, other = replica("one"), replica("other")
    name = one.reach(one.start("Cancelled").name, "RENDERING").name
    marked = other.cancel(name, policy)
    assert marked.cancel_requested or state(marked) == "CANCELLED"
    # Wishes arrive in their order: once this one has done something, the one before is known there.
    zai.script("After it", poll=[Hold()])
    assert state(other.cancel(one.start("After it").name, ABORT)) == "CANCELLED"
    held.release()
    last = other.end_of(name)
    assert (state(last), last.cancel_requested) == (ended, True)
    assert len(zai.submissions_of("Cancelled")) == sent


def test_what_a_killed_replica_ran_is_carried_on(replica, zai):
    held = Hold()
    zai.script("Survivor", poll=[held])
    one, other = replica("one", lease=SHORT), replica("other", lease=SHORT)
    name = one.reach(one.start("Survivor", request_id="survivor").name, "RENDERING").name
    watching = other.watch(name)
    next(watching)
    one.kill()
    held.release()
    last = [reply.generation for reply in watching][-1]
    assert (state(last), charge(last), len(last.attempts)) == ("SUCCEEDED", "MADE", 1)
    assert png.read(b"".join(chunk.data for chunk in other.read_image(name))) == (1280, 1280)
    assert (zai.charged("Survivor"), len(zai.submissions)) == (1, 1)


def test_a_kill_with_the_post_open_is_an_unknown_outcome(replica, zai):
    held = Hold()
    zai.script("Open", submit=[held])
    one, other = replica("one", lease=SHORT), replica("other", lease=SHORT)
    name = one.start("Open", model=COGVIEW, request_id="open").name
    assert held.entered.wait(60)
    one.kill()
    last = other.end_of(name)
    told = read_status(last.error)
    assert (told.code, told.reason, charge(last)) == ("UNKNOWN", "OUTCOME_UNKNOWN", "UNKNOWN")
    assert refused(other.generate, "Open", model=COGVIEW, request_id="open").reason == "OUTCOME_UNKNOWN"
    held.release()
    assert len(zai.submissions) == 1


def test_who_stops_in_order_is_succeeded_at_once(replica, zai):
    held = Hold()
    zai.script("Handed over", poll=[held])
    # With leases of a minute, only what is given up can be taken over in time.
    one, other = replica("one", lease="600s", EASEL_GRACE_PERIOD="0s"), replica("other", lease="600s")
    name = one.reach(one.start("Handed over").name, "RENDERING").name
    one.stop()
    held.release()
    assert state(other.end_of(name)) == "SUCCEEDED"
    assert len(zai.submissions) == 1


def test_a_frozen_replica_that_comes_back_cannot_write(replica, zai, database):
    held = Hold()
    zai.script("Frozen", poll=[held])
    one, other = replica("one", lease=SHORT), replica("other", lease=SHORT)
    name = one.reach(one.start("Frozen").name, "RENDERING").name
    watching = one.watch(name)
    next(watching)
    one.signal(signal.SIGSTOP)
    until(lambda: f"/{other.pid}/" in database.sql("SELECT owner FROM easel.generations")[0], "the other one has taken it over")
    one.signal(signal.SIGCONT)
    held.release()
    last = other.end_of(name)
    assert (state(last), charge(last), len(last.attempts)) == ("SUCCEEDED", "MADE", 1)
    # Who watches it where it ran before sees the end all the same.
    assert state([reply.generation for reply in watching][-1]) == "SUCCEEDED"
    assert (zai.charged("Frozen"), len(zai.submissions)) == (1, 1)
    # And the one that was frozen is of use again.
    ready(one)
    assert state(one.generate("Thawed").generation) == "SUCCEEDED"


def test_what_was_queued_is_not_sent_by_who_was_frozen(replica, zai, database):
    narrow = {"EASEL_UPSTREAM_CONCURRENCY_START": 1, "EASEL_UPSTREAM_CONCURRENCY_MAX": 1, "lease": SHORT}
    held = Hold()
    zai.script("Before", poll=[held])
    one, other = replica("one", **narrow), replica("other", **narrow)
    one.reach(one.start("Before").name, "RENDERING")
    names = [one.start(f"After {number}").name for number in range(4)]
    one.signal(signal.SIGSTOP)
    held.release()
    assert [state(other.end_of(name)) for name in names] == ["SUCCEEDED"] * 4
    one.signal(signal.SIGCONT)
    assert [state(one.end_of(name)) for name in names] == ["SUCCEEDED"] * 4
    assert len(zai.submissions) == 5


def test_a_replica_that_is_cut_off_refuses_work_and_another_one_goes_on(replica, zai, database):
    wire = Wire(database.socket)
    held = Hold()
    zai.script("Cut off", poll=[held])
    one, other = replica("one", wire.url, lease=SHORT), replica("other", lease=SHORT)
    name = one.reach(one.start("Cut off", request_id="cut").name, "RENDERING").name
    wire.cut()
    until(lambda: http_get(one.http + "/readyz").status == 503, "it says that it is not ready")
    told = refused(one.start, "Refused", request_id="refused")
    assert (told.code, told.domain) == ("UNAVAILABLE", "easel"), told
    held.release()
    assert state(other.end_of(name)) == "SUCCEEDED"
    wire.mend()
    until(lambda: http_get(one.http + "/readyz").status == 200, "it is ready again")
    assert state(one.get(name)) == "SUCCEEDED"
    assert (zai.charged("Cut off"), len(zai.submissions)) == (1, 1)
    wire.close()


def test_a_database_that_goes_away_loses_nothing(replica, zai, database):
    held = Hold()
    zai.script("Patient", poll=[held])
    one, other = replica("one", lease=SHORT), replica("other", lease=SHORT)
    name = one.reach(one.start("Patient").name, "RENDERING").name
    database.stop(signal.SIGQUIT)
    held.release()
    until(lambda: http_get(one.http + "/readyz").status == 503, "it says that it is not ready")
    database.start()
    ready(other)
    last = other.end_of(name)
    assert (state(last), charge(last), len(last.attempts)) == ("SUCCEEDED", "MADE", 1)
    assert len(zai.submissions) == 1
    assert one.running() and other.running()


def ready(service):
    return until(lambda: http_get(service.http + "/readyz").status == 200, "it is ready again")


def concurrency(services):
    """What each may have at the upstream at once."""
    def of(service):
        (line,) = [line for line in service.metrics().splitlines()
                   if line.startswith("easel_upstream_concurrency_limit{") and "glm-image" in line]
        return int(float(line.split()[-1]))
    return [of(service) for service in services]


def three(replica, limit, **settings):
    return [replica(name, EASEL_UPSTREAM_CONCURRENCY_START=limit, EASEL_UPSTREAM_CONCURRENCY_MAX=limit, **settings)
            for name in ("one", "other", "third")]


def test_replicas_share_the_limits(replica):
    services = three(replica, 6, lease=SHORT)
    until(lambda: concurrency(services) == [2, 2, 2], "each has its third")
    services[0].kill()
    until(lambda: concurrency(services[1:]) == [3, 3], "each has its half")


def test_together_they_ask_for_no_more_at_once_than_one_alone(replica, zai):
    services = three(replica, 1)
    until(lambda: concurrency(services) == [1, 0, 0], "the first has it all")
    holds = {f"Number {number}": Hold() for number in range(6)}
    for prompt, held in holds.items():
        zai.script(prompt, poll=[held])
    names = [services[number % 3].start(f"Number {number}").name for number in range(6)]
    for at in range(6):
        until(lambda: len(zai.submissions) > at, "the next one is sent")  # pylint: disable=cell-var-from-loop
        assert len(zai.submissions) == at + 1
        holds[zai.submissions[at].body["prompt"]].release()
    for number, name in enumerate(names):
        assert state(services[number % 3].end_of(name)) == "SUCCEEDED"
    assert len(zai.submissions) == 6


def test_what_waits_where_somebody_shuts_down_goes_on_elsewhere(replica, zai):
    services = three(replica, 3, EASEL_GRACE_PERIOD="60s")
    until(lambda: concurrency(services) == [1, 1, 1], "each has its third")
    held = Hold()
    zai.script("Running", poll=[held])
    first = services[0]
    running = first.reach(first.start("Running").name, "RENDERING").name
    waiting = first.start("Waiting").name
    watching = first.watch(waiting)
    first.signal(signal.SIGTERM)
    # Long before the grace period is over, and told where it was asked for.
    assert state([reply.generation for reply in watching][-1]) == "SUCCEEDED"
    assert state(services[1].get(running)) == "RENDERING"
    held.release()
    assert state(services[2].end_of(running)) == "SUCCEEDED"
    assert first.wait() == 0


def test_the_password_is_nowhere_to_be_seen(workshop, zai, database):
    service = workshop.easeld(zai, name="secret", EASEL_STORE=database.url.replace("///", "//easel:hush-hush@/"),
                              EASEL_STORE_PASSWORD="hush-hush-too")
    service.generate("Quiet")
    assert "hush" not in service.log()
    with open(f"/proc/{service.pid}/cmdline", "rb") as line:
        assert b"hush" not in line.read()
