"""The `easel` command against the real service: what it prints, where, and how it ends."""
import json
import os
import pty
import select
import subprocess

import png
import pytest
from fake_zai import Cut, Hold, error
from processes import BIN, PATIENCE, clean_environment, run
from service import refused, state

HELD = "A picture that takes its time"


@pytest.fixture
def easel(service, tmp_path):
    """Runs the command in an empty directory; returns exit code, standard output and standard error."""
    def call(*arguments, stdin=None, **settings):
        environment = clean_environment(tmp_path, **{"EASEL_SERVER": service.address, **settings})
        code, output, errors = run([BIN / "easel", *arguments], environment, cwd=tmp_path, stdin=stdin)
        return code, output, errors

    call.directory = tmp_path
    return call


def lines(output):
    return [json.loads(line) for line in output.decode().splitlines()]


def reason_of(errors):
    (told,) = [json.loads(line) for line in errors.splitlines()]
    (info,) = [detail for detail in told["details"] if detail["@type"].endswith("google.rpc.ErrorInfo")]
    return info["reason"]


def test_generate_saves_the_image_and_prints_only_its_path(easel):
    code, output, errors = easel("generate", "A kitten on a windowsill", "--model", "glm-image", "--size", "1280x1280",
                                 "--quality", "hd", "--request-id", "cli-kitten", "--user-id", "user-123", "-o", "kitten.png")
    assert (code, output, errors) == (0, b"kitten.png\n", "")
    assert png.read((easel.directory / "kitten.png").read_bytes()) == (1280, 1280)
    assert os.listdir(easel.directory) == ["kitten.png"]


def test_the_same_request_id_is_paid_once(easel, shared_zai):
    for number in range(3):
        assert easel("generate", "Paid once", "--request-id", "paid-once", "-o", f"{number}.png")[0] == 0
    assert shared_zai.charged("Paid once") == 1


def test_without_a_file_name_it_makes_one(easel):
    code, output, _ = easel("generate", "Nameless")
    assert code == 0
    assert png.read((easel.directory / output.decode().strip()).read_bytes()) == (1280, 1280)


def test_the_image_goes_through_a_pipe(easel):
    code, output, errors = easel("generate", "Piped", "-o", "-")
    assert (code, errors) == (0, "")
    assert png.read(output) == (1280, 1280)


def test_the_prompt_comes_through_a_pipe(easel, shared_zai):
    prompt = "一只可爱的小猫\nin two lines"
    assert easel("generate", "-", "-o", "x.png", stdin=(prompt + "\n").encode())[0] == 0
    assert shared_zai.charged(prompt) == 1


def test_json_is_the_generation_in_one_line(easel):
    code, output, errors = easel("generate", "As JSON", "--json", "-o", "x.png")
    assert (code, errors) == (0, "")
    (generation,) = lines(output)
    assert generation["state"] == "GENERATION_STATE_SUCCEEDED"
    assert generation["name"].startswith("generations/")
    assert (generation["image"]["width"], generation["charge"]["state"]) == (1280, "CHARGE_STATE_MADE")


def test_start_get_watch_read_and_list_go_together(easel):
    code, output, _ = easel("start", "Step by step", "--request-id", "steps")
    name = output.decode().strip()
    assert code == 0 and output == f"{name}\n".encode() and name.startswith("generations/")
    code, output, _ = easel("watch", name, "--json")
    watched = lines(output)
    assert code == 0 and watched[-1]["state"] == "GENERATION_STATE_SUCCEEDED"
    assert all(one["name"] == name for one in watched)
    code, output, _ = easel("get", name, "--json")
    assert code == 0 and lines(output)[0]["image"]["sha256"] == watched[-1]["image"]["sha256"]
    code, output, _ = easel("get", name)
    assert code == 0 and b"Step by step" in output
    code, output, _ = easel("read", name, "-o", "steps.png")
    assert (code, output) == (0, b"steps.png\n")
    assert png.read((easel.directory / "steps.png").read_bytes()) == (1280, 1280)
    code, output, _ = easel("list", "--request-id", "steps", "--json")
    assert code == 0 and [one["name"] for one in lines(output)] == [name]
    code, output, _ = easel("list", "--request-id", "steps")
    assert code == 0 and output.decode().split("\t")[0] == name and len(output.splitlines()) == 1
    assert easel("delete", name)[0] == 0
    assert easel("get", name)[0] == 7


def test_cancel_ends_what_is_rendering(easel, service, shared_zai):
    shared_zai.script("To be cancelled", poll=[Hold()])
    _, output, _ = easel("start", "To be cancelled")
    name = output.decode().strip()
    service.reach(name, "RENDERING")
    code, output, _ = easel("cancel", name, "--cancel-policy", "abort", "--json")
    assert code == 0 and lines(output)[0]["state"] == "GENERATION_STATE_CANCELLED"
    assert easel("watch", name)[0] == 1
    assert easel("read", name, "-o", "x.png")[0] == 1


def test_quote_and_models_tell_prices(easel, shared_zai):
    code, output, _ = easel("quote", "How much?", "--model", "cogview-4-250304", "--json")
    assert code == 0 and lines(output)[0]["costMicros"] == "10000"
    assert b"0.01" in easel("quote", "How much?", "--model", "cogview-4-250304")[1]
    code, output, _ = easel("models", "--json")
    assert code == 0 and {one["model"] for one in lines(output)} == {"glm-image", "cogview-4-250304"}
    assert b"cogview-4-250304" in easel("models")[1]
    assert not shared_zai.submissions_of("How much?")


@pytest.mark.parametrize("arguments", [
    [], ["generat"], ["generate"], ["generate", "x", "--no-such"], ["generate", "x", "--size", "big"],
    ["generate", "x", "--quality", "best"], ["get"], ["get", "a/b/c"], ["generate", "two", "words"], ["generate", ""],
    ["list", "--limit", "0"], ["generate", "x", "-o", "no-such-directory/x.png"]], ids=" ".join)
def test_wrong_usage_is_exit_code_2(easel, arguments):
    code, output, errors = easel(*arguments)
    assert (code, output) == (2, b"") and errors.startswith("easel: ")
    code, output, errors = easel(*arguments, "--json")
    assert (code, output) == (2, b"")
    told = json.loads(errors)
    assert told["code"] == 3 and told["message"] and told["details"]


def test_every_violation_is_told_by_its_option(easel):
    code, output, errors = easel("generate", " ", "--size", "100x100", "--model", "glm-image", "--user-id", "me", "-o", "x.png")
    assert (code, output) == (2, b"")
    assert all(option in errors for option in ("PROMPT", "--size", "--user-id"))
    code, _, errors = easel("generate", " ", "--size", "100x100", "--user-id", "me", "--json")
    told = json.loads(errors)
    (bad,) = [detail for detail in told["details"] if detail["@type"].endswith("BadRequest")]
    assert {one["field"] for one in bad["fieldViolations"]} == {"spec.prompt", "spec.size", "spec.user_id"}


@pytest.mark.parametrize("prompt, script, code, reason", [
    ("CLI: blocked", {"submit": [error(400, "1301")]}, 3, "CONTENT_BLOCKED"),
    ("CLI: refused", {"submit": [error(400, "1214")]}, 2, "UPSTREAM_REJECTED"),
    ("CLI: unknown", {"submit": [Cut()]}, 6, "OUTCOME_UNKNOWN"),
])
def test_exit_codes_go_by_the_class_of_failure(easel, shared_zai, prompt, script, code, reason):
    shared_zai.script(prompt, **{kind: list(steps) * 2 for kind, steps in script.items()})
    ended, output, errors = easel("generate", prompt, "--model", "cogview-4-250304", "-o", "x.png", "--json")
    assert (ended, output, reason_of(errors)) == (code, b"", reason)
    if code != 6:
        ended, output, errors = easel("generate", prompt, "--model", "cogview-4-250304", "-o", "x.png")
        assert (ended, output) == (code, b"") and reason in errors
    assert os.listdir(easel.directory) == []


@pytest.mark.parametrize("reply, code", [(error(429, "1113"), 5), (error(429, "1302"), 4), (error(401, "1000"), 1)],
                         ids=["1113", "1302", "1000"])
def test_exit_codes_of_an_upstream_that_refuses_the_service(workshop, zai, reply, code):
    service = workshop.easeld(zai, EASEL_SUBMIT_TIMEOUT="1s")
    zai.script("Refused", submit=[reply] * 100)
    environment = clean_environment(workshop.directory, EASEL_SERVER=service.address)
    name = service.start("Refused").name
    assert run([BIN / "easel", "watch", name], environment)[0] == code


def test_not_found_is_exit_code_7(easel):
    code, output, errors = easel("get", "generations/0000000000000000", "--json")
    assert (code, output, reason_of(errors)) == (7, b"", "GENERATION_NOT_FOUND")


def test_a_service_that_is_not_there_is_exit_code_4_and_named(easel):
    code, output, errors = easel("models", EASEL_SERVER="127.0.0.1:1")
    assert (code, output) == (4, b"") and "127.0.0.1:1" in errors


def test_a_timeout_is_exit_code_4_and_the_work_goes_on(easel, service, shared_zai):
    held = Hold()
    shared_zai.script("Overtime", poll=[held])
    # Long enough to hear the name on a slow machine.
    code, output, errors = easel("generate", "Overtime", "--timeout", "5s", "--request-id", "overtime", "-o", "x.png")
    assert (code, output) == (4, b"")
    (found,) = service.list(request_id="overtime")
    assert found.name in errors
    held.release()
    assert state(service.end_of(found.name)) == "SUCCEEDED"


def test_callers_are_named_by_flag_or_environment(easel, service):
    _, output, _ = easel("start", "Alice's", "--caller", "alice")
    name = output.decode().strip()
    assert refused(service.get, name).code == "NOT_FOUND"
    assert easel("get", name, EASEL_CALLER="alice")[0] == 0
    assert easel("get", name)[0] == 7


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["-h"], *[[command, "--help"] for command in (
    "generate", "start", "get", "list", "watch", "cancel", "delete", "read", "quote", "models")]], ids=" ".join)
def test_help_teaches_with_examples(easel, arguments):
    code, output, errors = easel(*arguments)
    assert (code, errors) == (0, "")
    assert b"Usage: easel" in output and b"Examples:" in output


def on_a_terminal(arguments, environment, directory, meanwhile=lambda shown: None):
    """Runs it with standard output and error on a pseudo-terminal; returns its exit code and all that was drawn."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(BIN / "easel"), *arguments], env={**environment, "TERM": "xterm"}, cwd=directory,
                          stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            assert select.select([ours], [], [], PATIENCE)[0], shown
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
            meanwhile(shown)
        os.close(ours)
        return process.wait(PATIENCE), shown.decode()


def test_progress_is_drawn_on_a_terminal(service, shared_zai, tmp_path):
    held = Hold()
    shared_zai.script(HELD, poll=[held])

    def release_when_drawn(shown):
        if shown.count(b"\r") >= 5:
            held.release()

    environment = clean_environment(tmp_path, EASEL_SERVER=service.address)
    code, shown = on_a_terminal(["generate", HELD, "-o", "held.png"], environment, tmp_path, release_when_drawn)
    assert code == 0
    assert shown.count("\r\x1b[K") >= 1, "the line is wiped at the end"
    assert "held.png" in shown.rsplit("\x1b[K", 1)[1]
    assert "$0.015" in shown or "0.015" in shown
    assert png.read((tmp_path / "held.png").read_bytes()) == (1280, 1280)
