"""Changing it while it runs: by SIGHUP and by changed files; a broken file is refused and the old one stays."""
import json
import signal

import pytest
from callers import KEYS, As, bearer, caller, digest, until_reloaded, write_config, write_whole
from fake_zai import Hold
from processes import until
from service import api, refused, spec, state


@pytest.fixture
def guarded(workshop, zai):
    return workshop.easeld(zai, arguments=["--config", write_config(workshop.directory, [caller("ada")])])


def lines(service, message):
    """Those with that message, once there is one."""
    def look():
        whole = service.log().rpartition("\n")[0].splitlines()
        return [line for line in map(json.loads, whole) if line["message"] == message]

    return until(look, message)


REFUSED = "configuration refused: the one before stays in force"


def test_a_caller_comes_and_a_key_goes_when_the_file_changes(guarded, workshop):
    ada, bob, new = As(guarded, KEYS["ada"]), As(guarded, KEYS["bob"]), As(guarded, "ada-next-key")
    assert ada.let_in() and not bob.let_in() and not new.let_in()
    write_config(workshop.directory, [caller("ada", KEYS["ada"], "ada-next-key"), caller("bob")])
    until_reloaded(guarded, "applied")
    assert ada.let_in() and bob.let_in() and new.let_in()
    write_config(workshop.directory, [caller("ada", "ada-next-key")])
    until_reloaded(guarded, "applied", 2)
    assert not ada.let_in() and not bob.let_in() and new.let_in()


def test_sighup_reads_it_at_once(guarded, workshop):
    guarded.signal(signal.SIGHUP)
    until_reloaded(guarded, "applied")
    assert As(guarded, KEYS["ada"]).let_in()


@pytest.mark.parametrize("text, line, words", [
    ("callers: [\n", None, []),
    ("callers:\n  - name: ada\n    keys:\n      - sha256: short\n", 4, ["sha256", "64 hexadecimal digits"]),
    ("callers:\n  - name: Ada!\n", 2, ["name"]),
    ("grpc:\n  lisen: x\n", 2, ["lisen"]),
    ("log: {level: loud}\n", 1, ["level", "loud"]),
    ("upstream:\n  concurrency_start: 9\n  concurrency_max: 3\n", 2, ["concurrency_start"]),
    ("", None, ["let in everybody"]),
    ("log: {level: info}\n", None, ["let in everybody"]),
], ids=["no yaml", "no digest", "no name", "unknown", "no level", "inconsistent", "empty", "no callers"])
def test_a_broken_file_is_refused_with_its_line_and_the_old_one_stays(guarded, workshop, text, line, words):
    write_whole(workshop.directory / "easel.yaml", text)
    until_reloaded(guarded, "refused")
    (told, *_) = [entry["reason"] for entry in lines(guarded, REFUSED)]
    assert (f"easel.yaml:{line}:" in told) == bool(line), told
    assert all(word in told for word in words), told
    assert guarded.sample("easel_config_last_reload_success") == 0
    assert As(guarded, KEYS["ada"]).let_in() and not As(guarded, KEYS["bob"]).let_in()
    write_config(workshop.directory, [caller("ada"), caller("bob")])
    until_reloaded(guarded, "applied")
    assert guarded.sample("easel_config_last_reload_success") == 1
    assert As(guarded, KEYS["bob"]).let_in()


def test_a_file_that_goes_away_is_refused_and_read_when_it_is_back(guarded, workshop):
    (workshop.directory / "easel.yaml").unlink()
    until_reloaded(guarded, "refused")
    assert As(guarded, KEYS["ada"]).let_in()
    write_config(workshop.directory, [caller("bob")])
    until_reloaded(guarded, "applied")
    assert As(guarded, KEYS["bob"]).let_in() and not As(guarded, KEYS["ada"]).let_in()


def test_settings_that_need_a_restart_are_named(guarded, workshop):
    write_config(workshop.directory, [caller("ada")], runtime={"io_threads": 3}, upstream={"image_hosts": ["x.example"]})
    until_reloaded(guarded, "applied")
    (warning,) = lines(guarded, "some settings differ, and take effect at the next start")
    assert warning["settings"] == "runtime.io_threads"  # the environment has the word on image_hosts


def test_a_link_that_is_swapped_far_above_the_file_is_a_change(workshop, zai):
    folder = workshop.directory / "mounted"
    for name, callers in (("one", ["ada"]), ("two", ["bob"])):
        (folder / name).mkdir(parents=True)
        write_config(folder / name, [caller(who) for who in callers])
    (folder / "data").symlink_to("one")
    (folder / "easel.yaml").symlink_to("data/easel.yaml")
    service = workshop.easeld(zai, arguments=["--config", folder / "easel.yaml"])
    assert As(service, KEYS["ada"]).let_in()
    (folder / "new").symlink_to("two")
    (folder / "new").rename(folder / "data")
    until_reloaded(service, "applied")
    assert As(service, KEYS["bob"]).let_in() and not As(service, KEYS["ada"]).let_in()


def test_the_log_level_and_prices_and_limits_change(workshop, zai):
    service = workshop.easeld(zai, arguments=["--config", write_config(workshop.directory)], EASEL_LOG_LEVEL=None)

    def cost():
        return service.images.QuoteImage(api.QuoteImageRequest(spec=spec("A cat")), timeout=60).cost_micros

    assert cost() == 15000
    price = {"model": "glm-image", "quality": "hd", "cost_micros": 20000, "currency": "USD"}
    write_config(workshop.directory, log={"level": "error"}, upstream={"prices": [price], "concurrency_start": 7})
    until_reloaded(service, "applied")
    assert cost() == 20000
    generation = service.end_of(service.start("At the new price").name)
    assert generation.charge.cost_micros == 20000
    assert generation.name not in service.log(), "what has ended is told at info"
    limits = [line for line in service.metrics().splitlines()
              if line.startswith("easel_upstream_concurrency_limit{") and line.endswith(" 7")]
    assert len(limits) == 2


def keys_used(service):
    return {line.split('key="')[1].split('"')[0] for line in service.metrics().splitlines()
            if line.startswith("easel_upstream_concurrency_limit{") and not line.endswith(" 0")}


def test_an_upstream_key_changes_and_what_is_at_work_keeps_the_old_one(workshop, zai):
    key_file = workshop.directory / "key"
    key_file.write_text(zai.key)
    service = workshop.easeld(zai, ZAI_API_KEY=None, ZAI_API_KEY_FILE=key_file)
    (old,) = keys_used(service)
    held = Hold()
    zai.script("Under the old key", poll=[held])
    name = service.reach(service.start("Under the old key").name, "RENDERING").name
    assert held.entered.wait(60)
    key_file.write_text("fedcba9876543210.anotherKeyOfOurs")
    until_reloaded(service, "applied")
    (new,) = keys_used(service)
    assert new != old
    # The upstream does not know the new one, and says so of new work alone.
    refusal = service.end_of(service.start("Under the new key").name)
    assert refusal.attempts[0].key_fingerprint == new
    held.release()
    kept = service.end_of(name)
    assert state(kept) == "SUCCEEDED" and kept.attempts[0].key_fingerprint == old
    key_file.write_text(zai.key)
    until_reloaded(service, "applied", 2)
    assert service.end_of(service.start("Back again").name).attempts[0].key_fingerprint == old


def test_a_key_that_is_gone_does_not_turn_it_into_a_sandbox(workshop, zai):
    key_file = workshop.directory / "key"
    key_file.write_text(zai.key)
    service = workshop.easeld(zai, ZAI_API_KEY=None, ZAI_API_KEY_FILE=key_file)
    key_file.write_text("\n")
    until_reloaded(service, "refused")
    key_file.unlink()
    until_reloaded(service, "refused", 2)
    assert service.end_of(service.start("Still real").name).attempts[0].upstream == zai.base_url
    assert zai.charged("Still real") == 1


def test_keys_and_digests_are_in_no_line_about_it(guarded, workshop):
    keys = f"      - sha256: {KEYS['bob']}\n      - {{sha256: {digest(KEYS['ada'])}, x: y}}\n"
    write_whole(workshop.directory / "easel.yaml", "callers:\n  - name: ada\n    keys:\n" + keys)
    until_reloaded(guarded, "refused")
    assert lines(guarded, REFUSED)
    guarded.stop()  # then all of it is told
    log = guarded.log()
    assert KEYS["bob"] not in log and digest(KEYS["ada"]) not in log and KEYS["ada"] not in log


def test_sighup_while_it_drains_does_not_end_it(workshop, zai):
    held = Hold()
    zai.script("Held", poll=[held])
    service = workshop.easeld(zai, EASEL_GRACE_PERIOD="60s")
    name = service.reach(service.start("Held").name, "RENDERING").name
    assert held.entered.wait(60)
    service.signal(signal.SIGTERM)
    until(lambda: "draining" in service.log(), "the drain")
    service.signal(signal.SIGHUP)
    assert service.get(name).name == name
    held.release()
    service.popen.wait(60)
    assert "drained" in service.log()


def test_calls_go_on_through_a_storm_of_reloads(guarded, workshop):
    ada = As(guarded, KEYS["ada"])
    for round_ in range(30):
        callers = [caller("ada")] + ([caller("bob")] if round_ % 2 else [])
        write_config(workshop.directory, callers)
        guarded.signal(signal.SIGHUP)
        assert ada.end_of(ada.start(spec(f"Round {round_}")).name).image.url
    until(lambda: guarded.sample("easel_config_reloads_total", outcome="applied") >= 1, "a reload")
    assert refused(guarded.images.ListModels, api.ListModelsRequest(), metadata=bearer("wrong"), timeout=60).code == "UNAUTHENTICATED"
