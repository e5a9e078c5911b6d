"""The `easel` command in a pipe: results, files, JSON, errors and exit codes."""

import hashlib
import json
import os

import pytest


def lines(output):
    return output.decode().splitlines()


def error(result):
    """The google.rpc.Status on standard error, with its details by type."""
    assert len(lines(result.stderr)) == 1, result.stderr
    status = json.loads(result.stderr)
    status["details"] = {detail["@type"].rsplit(".", 1)[1]: detail for detail in status.get("details", [])}
    return status


def test_generate_prints_the_path_alone(easel, tmp_path):
    result = easel("generate", "a kitten", "-o", "kitten.png")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"kitten.png\n", b"")
    assert (tmp_path / "kitten.png").read_bytes().startswith(b"\x89PNG")
    assert os.listdir(tmp_path) == ["kitten.png"]


def test_generate_names_the_file_after_the_generation_and_replaces_nothing(easel, tmp_path):
    first = easel("generate", "a kitten")
    path = tmp_path / first.stdout.decode().strip()
    assert path.name.startswith("easel-") and path.suffix == ".png"
    path.write_bytes(b"precious")
    name = "generations/" + path.stem[len("easel-"):]
    second = easel("read", name)
    assert second.stdout.decode().strip() == path.stem + "-2.png"
    assert path.read_bytes() == b"precious"
    assert easel("read", name).stdout == second.stdout


def test_generate_replaces_the_file_that_was_named(easel, tmp_path):
    (tmp_path / "kitten.png").write_bytes(b"old")
    assert easel("generate", "a kitten", "-o", "kitten.png").returncode == 0
    assert (tmp_path / "kitten.png").read_bytes() != b"old"


def test_generate_writes_the_bytes_to_standard_output(easel, tmp_path):
    result = easel("generate", "a kitten", "-o", "-")
    assert result.returncode == 0
    image = json.loads(easel("list", "--json").stdout)["image"]
    assert hashlib.sha256(result.stdout).hexdigest() == image["sha256"]
    assert os.listdir(tmp_path) == []


def test_generate_writes_to_a_device_without_replacing_it(easel):
    result = easel("generate", "a kitten", "-o", "/dev/null")
    assert result.returncode == 0
    assert not os.path.isfile("/dev/null") and not os.path.exists("/dev/null.part")


def test_generate_json_prints_the_generation(easel):
    result = easel("generate", "a kitten", "--json", "-o", "k.png", "--size", "512x768", "--quality", "standard",
                   "--model", "cogview-4-250304", "--request-id", "order-7", "--user-id", "user-42", "--watermark=false")
    assert (result.returncode, result.stderr) == (0, b"")
    generation, = [json.loads(line) for line in lines(result.stdout)]
    assert generation["state"] == "GENERATION_STATE_SUCCEEDED"
    assert generation["requestId"] == "order-7"
    assert generation["spec"] == {"model": "cogview-4-250304", "prompt": "a kitten", "quality": "QUALITY_STANDARD",
                                  "size": {"width": 512, "height": 768}, "userId": "user-42", "watermark": False}


def test_the_same_request_id_is_the_same_image(easel):
    for _ in range(2):
        assert easel("generate", "a kitten", "--request-id", "order-7", "-o", "k.png").returncode == 0
    assert len(lines(easel("list", "--json").stdout)) == 1


def test_the_prompt_can_come_from_standard_input(easel):
    result = easel("generate", "-", "--json", "-o", "k.png", stdin="猫在窗台上\n".encode())
    assert json.loads(result.stdout)["spec"]["prompt"] == "猫在窗台上"


def test_start_watch_read(easel, tmp_path):
    start = easel("start", "a kitten")
    assert start.returncode == 0
    name = start.stdout.decode().strip()
    assert name.startswith("generations/")
    watch = easel("watch", name)
    assert watch.returncode == 0
    states = [line.split("  ")[1].split(",")[0] for line in lines(watch.stdout)]
    assert states == ["queued", "submitting", "rendering", "fetching", "succeeded"]
    assert easel("read", name, "-o", "k.png").stdout == b"k.png\n"
    assert len((tmp_path / "k.png").read_bytes()) == 200_000


def test_watch_json_prints_a_generation_for_each_change(easel):
    name = easel("start", "a kitten").stdout.decode().strip()
    watch = easel("watch", name, "--json")
    assert [json.loads(line)["revision"] for line in lines(watch.stdout)] == ["1", "2", "3", "4", "5"]


def test_watch_ends_with_the_generations_own_error(easel):
    name = easel("start", "[[fail CONTENT_BLOCKED]]").stdout.decode().strip()
    watch = easel("watch", name)
    assert watch.returncode == 3
    assert "CONTENT_BLOCKED" in watch.stderr.decode()
    assert easel("get", name).returncode == 0
    assert easel("read", name, "-o", "k.png").returncode == 3


def test_start_and_get_json_print_the_generation(easel):
    started = json.loads(easel("start", "a kitten", "--json").stdout)
    got = json.loads(easel("get", started["name"].split("/")[1], "--json").stdout)
    assert got["name"] == started["name"]
    assert got["state"] == "GENERATION_STATE_QUEUED"


def test_list_filters_and_separates_by_tabs(easel):
    for number in range(3):
        easel("start", f"prompt {number}\twith a tab", "--request-id", f"r{number}")
    rows = [line.split("\t") for line in lines(easel("list").stdout)]
    assert [row[-1] for row in rows] == ["prompt 2 with a tab", "prompt 1 with a tab", "prompt 0 with a tab"]
    assert all(len(row) == 8 for row in rows)
    assert len(lines(easel("list", "--limit", "2").stdout)) == 2
    assert len(lines(easel("list", "--request-id", "r1").stdout)) == 1
    assert lines(easel("list", "--state", "succeeded").stdout) == []
    assert len(lines(easel("list", "--state", "queued", "--state", "failed", "--json").stdout)) == 3


def test_cancel_and_delete(easel):
    name = easel("start", "a kitten").stdout.decode().strip()
    assert easel("cancel", name).stdout.decode().strip() == name
    assert json.loads(easel("cancel", name, "--json").stdout)["state"] == "GENERATION_STATE_CANCELLED"
    assert easel("delete", name).returncode == 0
    assert easel("get", name).returncode == 7


def test_quote_and_models(easel):
    assert easel("quote", "a kitten", "--quality", "hd").stdout.decode().startswith("hd: $0.015, about 20 s\n")
    assert json.loads(easel("quote", "a kitten", "--json").stdout)["costMicros"] == "15000"
    assert lines(easel("models").stdout)[0].split("\t")[:3] == ["glm-image", "hd", "$0.015"]
    assert json.loads(easel("models", "--json").stdout)["model"] == "glm-image"


@pytest.mark.parametrize("reason, code", [
    ("INTERNAL", 1), ("INVALID_REQUEST", 2), ("UPSTREAM_REJECTED", 2), ("CONTENT_BLOCKED", 3), ("UPSTREAM_BUSY", 4),
    ("UPSTREAM_OVERLOADED", 4), ("UPSTREAM_QUOTA", 5), ("OUTCOME_UNKNOWN", 6),
])
def test_exit_codes_by_class_of_failure(easel, tmp_path, reason, code):
    human = easel("generate", f"[[fail {reason}]]", "-o", "k.png")
    assert (human.returncode, human.stdout) == (code, b"")
    assert f"({reason})" in human.stderr.decode()
    machine = easel("generate", f"[[fail {reason}]]", "-o", "k.png", "--json")
    assert (machine.returncode, machine.stdout) == (code, b"")
    info = error(machine)["details"]["ErrorInfo"]
    assert (info["domain"], info["reason"]) == ("easel", reason)
    assert info["metadata"]["generation"].startswith("generations/")
    assert os.listdir(tmp_path) == []


def test_violations_are_named_by_their_flags(easel):
    result = easel("generate", "[[fail INVALID_REQUEST]]", "-o", "k.png")
    assert [line.split(":")[0] for line in lines(result.stderr)[1:3]] == ["  --size", "  --user-id"]
    violations = error(easel("generate", "[[fail INVALID_REQUEST]]", "-o", "k.png", "--json"))["details"]["BadRequest"]
    assert [violation["field"] for violation in violations["fieldViolations"]] == ["spec.size", "spec.user_id"]


def test_not_found(easel):
    result = easel("get", "generations/none", "--json")
    assert result.returncode == 7
    assert error(result)["code"] == 5


def test_an_error_that_may_be_repeated_tells_when(easel):
    result = easel("generate", "[[fail UPSTREAM_BUSY]]", "-o", "k.png", "--json")
    assert error(result)["details"]["RetryInfo"]["retryDelay"] == "0.010s"


@pytest.mark.parametrize("arguments, field", [
    ([], "COMMAND"),
    (["genrate", "x"], "COMMAND"),
    (["generate"], "PROMPT"),
    (["generate", ""], "PROMPT"),
    (["generate", "a", "kitten"], "PROMPT"),
    (["generate", "x", "--size", "huge"], "--size"),
    (["generate", "x", "--sice", "1x1"], "--sice"),
    (["generate", "x", "--quality", "best"], "--quality"),
    (["generate", "x", "--timeout", "5"], "--timeout"),
    (["generate", "x", "-o", "missing/k.png"], "--output"),
    (["get", "images/7"], "NAME"),
    (["list", "--state", "odd"], "--state"),
])
def test_usage_errors(easel, arguments, field):
    human = easel(*arguments)
    assert (human.returncode, human.stdout) == (2, b"")
    assert lines(human.stderr)[0].startswith(f"easel: {field}: ")
    machine = easel(*arguments, "--json")
    assert machine.returncode == 2
    status = error(machine)
    assert status["code"] == 3
    assert status["details"]["BadRequest"]["fieldViolations"][0]["field"] == field
    assert status["details"]["ErrorInfo"]["reason"] == "USAGE"


def test_usage_errors_spend_nothing(easel):
    easel("generate", "x", "-o", "missing/k.png")
    easel("generate", "x", "-o", "-", "--json")
    assert easel("list").stdout == b""


def test_a_service_that_is_not_there(easel):
    result = easel("list", EASEL_SERVER="127.0.0.1:1")
    assert result.returncode == 4
    assert "is easeld running at 127.0.0.1:1?" in result.stderr.decode()
    result = easel("start", "x", "--server", "127.0.0.1:1", "--json")
    assert result.returncode == 4
    assert error(result)["details"]["ErrorInfo"]["reason"] == "UNREACHABLE"


def test_a_timeout_names_what_goes_on(easel):
    result = easel("generate", "[[hang]]", "--timeout", "5s", "-o", "k.png")
    assert result.returncode == 4
    assert "the work goes on: easel watch generations/" in result.stderr.decode()


def test_help_and_version(easel):
    general = easel("--help").stdout.decode()
    for name in "generate start get list watch cancel delete read quote models".split():
        assert f"\n  {name} " in general
        text = easel(name, "--help")
        assert text.returncode == 0
        assert "Examples:\n  " in text.stdout.decode()
    assert easel("--version").stdout.decode().startswith("easel ")
