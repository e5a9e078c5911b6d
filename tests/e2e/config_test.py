"""Starting with a wrong configuration: one clear line and a non-zero exit. And the two ways of looking at it."""
import os
import socket
import subprocess

import grpc
import pytest
from processes import BIN, clean_environment, run
from service import QUICK, api, api_grpc, refused


def easeld(directory, *arguments, **settings):
    environment = {**QUICK, "EASEL_DATA_DIR": directory / "data", "EASEL_LOG_LEVEL": "error", **settings}
    code, output, errors = run([BIN / "easeld", *arguments], clean_environment(directory, **environment), cwd=directory)
    return code, output.decode(), errors


def complaint(directory, *arguments, **settings):
    """The one line that it ends with."""
    code, output, errors = easeld(directory, *arguments, **settings)
    assert code in (1, 2), (code, errors)
    assert output == ""
    lines = [line for line in errors.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, errors
    return lines[0]


@pytest.mark.parametrize("setting", ["EASEL_GRPC_LISTEN", "EASEL_HTTP_LISTEN"])
def test_a_taken_port_is_named(tmp_path, setting):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        address = "127.0.0.1:%d" % holder.getsockname()[1]
        assert address in complaint(tmp_path, **{setting: address})


def test_the_port_of_a_running_service_is_taken_too(workshop, zai, tmp_path):
    service = workshop.easeld(zai)
    (tmp_path / "other").mkdir()
    line = complaint(tmp_path / "other", EASEL_GRPC_LISTEN=service.address)
    assert service.address in line


def test_a_data_directory_that_cannot_be_one_is_named(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    assert str(tmp_path / "file") in complaint(tmp_path, EASEL_DATA_DIR=tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/usr/bin/setpriv"), reason="root may write anywhere")
def test_a_data_directory_that_cannot_be_written_is_named(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    environment = clean_environment(tmp_path, **{**QUICK, "EASEL_DATA_DIR": closed})
    # Root may write everywhere, unless it gives that up.
    wrapper = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"] if os.geteuid() == 0 else []
    command = [*wrapper, BIN / "easeld"]
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, timeout=60, check=False)
    errors = done.stderr.decode()
    if os.geteuid() == 0 and done.returncode not in (1, 2):
        pytest.fail(errors)
    (line,) = [line for line in errors.splitlines() if not line.startswith("{")]
    assert str(closed) in line


def test_a_bad_certificate_is_named(tmp_path):
    (tmp_path / "cert.pem").write_text("not a certificate")
    (tmp_path / "key.pem").write_text("not a key")
    assert "cert.pem" in complaint(tmp_path, EASEL_GRPC_TLS_CERT_FILE="cert.pem", EASEL_GRPC_TLS_KEY_FILE="key.pem")
    assert "no-such.pem" in complaint(tmp_path, EASEL_GRPC_TLS_CERT_FILE="no-such.pem", EASEL_GRPC_TLS_KEY_FILE="key.pem")


def test_with_a_certificate_the_service_speaks_tls(workshop, zai):
    made = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
               clean_environment(workshop.directory), cwd=workshop.directory)
    assert made[0] == 0, made
    service = workshop.easeld(zai, EASEL_GRPC_TLS_CERT_FILE="cert.pem", EASEL_GRPC_TLS_KEY_FILE="key.pem")
    trusted = grpc.ssl_channel_credentials((workshop.directory / "cert.pem").read_bytes())
    with grpc.secure_channel(service.address, trusted, [("grpc.enable_http_proxy", 0)]) as channel:
        assert api_grpc.ImageServiceStub(channel).ListModels(api.ListModelsRequest(), timeout=60).models
    assert refused(service.images.ListModels, api.ListModelsRequest(), timeout=60).code == "UNAVAILABLE"
    environment = clean_environment(workshop.directory, EASEL_SERVER=service.address)
    command = [BIN / "easel", "generate", "Encrypted", "--tls-ca", "cert.pem", "-o", "x.png"]
    assert run(command, environment, cwd=workshop.directory)[:2] == (0, b"x.png\n")


def test_a_missing_key_beyond_loopback_never_serves_samples(tmp_path):
    line = complaint(tmp_path, "--insecure", EASEL_GRPC_LISTEN="0.0.0.0:0")
    assert "ZAI_API_KEY" in line and "--sandbox" in line


def test_listening_beyond_loopback_needs_insecure(tmp_path):
    line = complaint(tmp_path, EASEL_HTTP_LISTEN="0.0.0.0:0", ZAI_API_KEY="some-key-0123456789")
    assert "--insecure" in line


def test_beyond_loopback_on_purpose_is_fine(tmp_path):
    code, output, _ = easeld(tmp_path, "--check", "--sandbox", "--insecure", EASEL_GRPC_LISTEN="0.0.0.0:0")
    assert code == 0 and "0.0.0.0:0" in output


@pytest.mark.parametrize("text, line, words", [
    ("grpc:\n  listen: 127.0.0.1:0\n  lisen: x\n", 3, ["lisen", "listen"]),
    ("upstream:\n  concurrency_start: many\n", 2, ["concurrency_start", "many"]),
    ("timeouts:\n  submit: 5 parsecs\n", 2, ["submit", "5 parsecs"]),
    ("grpc: 7\n", 1, ["grpc"]),
    ("grpc:\n  listen: [\n", None, []),
    ("upstream:\n  prices:\n    - {model: glm-image, quality: hd}\n", 3, ["cost_micros"]),
    ("upstream:\n  api_key: secret-in-the-file\n", 2, ["api_key"]),
])
def test_a_mistake_in_the_file_is_told_with_file_and_line(tmp_path, text, line, words):
    (tmp_path / "easel.yaml").write_text(text)
    told = complaint(tmp_path, "--config", "easel.yaml")
    assert f"easel.yaml:{line}" in told if line else "easel.yaml" in told
    assert all(word in told for word in words)
    assert "secret-in-the-file" not in told


def test_every_mistake_is_told_at_once(tmp_path):
    (tmp_path / "easel.yaml").write_text("grpc:\n  lisen: x\ntimeouts:\n  submit: soon\n")
    code, _, errors = easeld(tmp_path, "--config", "easel.yaml", "--check", EASEL_QUEUE_MAX="none")
    assert code != 0
    assert "easel.yaml:2" in errors and "easel.yaml:4" in errors and "EASEL_QUEUE_MAX" in errors


def test_a_bad_variable_is_named_with_its_value(tmp_path):
    line = complaint(tmp_path, EASEL_POLL_INTERVAL="quickly")
    assert "EASEL_POLL_INTERVAL" in line and "quickly" in line


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "no-such.yaml" in complaint(tmp_path, "--config", "no-such.yaml")


@pytest.mark.parametrize("arguments", [["--no-such-flag"], ["stray"], ["--config"]])
def test_wrong_flags_are_told(tmp_path, arguments):
    assert "--help" in complaint(tmp_path, *arguments)


def test_check_says_what_it_comes_to_and_touches_nothing(tmp_path):
    code, output, errors = easeld(tmp_path, "--check", ZAI_API_KEY="some-key-0123456789")
    assert (code, errors) == (0, "")
    assert "fine" in output and "some-key" not in output
    assert not (tmp_path / "data").exists()


def test_print_config_masks_secrets_and_can_be_read_again(tmp_path):
    (tmp_path / "key.txt").write_text("file-key-0123456789\n")
    (tmp_path / "easel.yaml").write_text("upstream:\n  timeout: 77s\n  keys:\n    - api_key_file: %s\n" % (tmp_path / "key.txt"))
    code, output, errors = easeld(tmp_path, "--config", "easel.yaml", "--print-config", ZAI_API_KEY="some-key-0123456789",
                                  EASEL_QUEUE_MAX="77")
    assert (code, errors) == (0, "")
    assert "timeout: 1m17s" in output and "queue_max: 77" in output
    assert "some-key" not in output and "file-key" not in output
    kept = "\n".join(line for line in output.splitlines() if "api_key:" not in line)
    (tmp_path / "again.yaml").write_text(kept)
    code, again, errors = easeld(tmp_path, "--config", "again.yaml", "--check", ZAI_API_KEY="some-key-0123456789")
    assert (code, errors) == (0, ""), again


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "easel.yaml").write_text("admission:\n  queue_max: 5\n")
    _, output, _ = easeld(tmp_path, "--config", "easel.yaml", "--print-config", EASEL_QUEUE_MAX="6")
    assert "queue_max: 6" in output


def test_keys_come_from_files_too(workshop, zai):
    key_file = workshop.directory / "key"
    key_file.write_text(zai.key + "\n")
    service = workshop.easeld(zai, ZAI_API_KEY=None, ZAI_API_KEY_FILE=key_file)
    service.generate("With a key from a file")
    assert zai.charged("With a key from a file") == 1


def test_proxies_of_the_environment_are_ignored(workshop, zai):
    service = workshop.easeld(zai, http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9",
                              all_proxy="http://127.0.0.1:9")
    assert service.generate("Straight on").generation.image.url


def test_help_and_version_are_printed(tmp_path):
    code, output, _ = easeld(tmp_path, "--help")
    assert code == 0 and "--config" in output
    code, output, _ = easeld(tmp_path, "--version")
    assert code == 0 and output.startswith("easeld ")
    code, output, _ = easeld(tmp_path, "sandbox", "--help")
    assert code == 0 and "--latency-scale" in output
