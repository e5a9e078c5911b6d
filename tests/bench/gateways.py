"""What stands between a caller and the upstream over HTTP: nginx, Portkey, LiteLLM. The caller fetches the image itself."""
import json
import pathlib

import programs
import settings
from programs import Program, answers, free_port

NGINX = """\
daemon off;
worker_processes auto;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000;
  upstream zai {{ server {upstream}; keepalive 1024; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://zai; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""

LITELLM = """\
model_list:
  - model_name: cogview-4-250304
    litellm_params:
      model: openai/cogview-4-250304
      api_base: {base}
      api_key: bench-key
    model_info:
      mode: image_generation
litellm_settings:
  telemetry: false
  drop_params: true
  num_retries: 0
"""

LITELLM_PATIENCE = 240  # seconds: it computes for a while before it listens


def _with_port(make, path, patience=programs.PATIENCE, attempts=3):
    """A program that cannot take port 0: `make(port)` starts it; another took the port meanwhile: once more."""
    for attempt in range(attempts):
        port = free_port()
        program = make(port)
        program.addresses = {"http": f"127.0.0.1:{port}"}
        try:
            program.wait_for(lambda port=port: answers(f"http://127.0.0.1:{port}{path}"), "its first answer", patience)
            return program
        except BaseException as error:
            program.stop()
            if attempt + 1 == attempts or not isinstance(error, RuntimeError):
                raise
    raise AssertionError("attempts is 1 or more")


def nginx(upstream):
    def make(port):
        config = settings.SCRATCH / f"nginx-{port}.conf"
        config.write_text(NGINX.format(upstream=upstream, port=port))
        return Program("nginx", ["/usr/sbin/nginx", "-c", config, "-p", settings.SCRATCH, "-e", "stderr"],
                       ready_file=False)
    return _with_port(make, "/stats")


def portkey():
    script = settings.PEERS / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    return _with_port(lambda port: Program("portkey", ["node", script, "--headless", f"--port={port}"],
                                           {"NODE_ENV": "production"}, ready_file=False), "/")


def litellm(base):
    def make(port):
        config = settings.SCRATCH / f"litellm-{port}.yaml"
        config.write_text(LITELLM.format(base=base))
        home = settings.PEERS / "litellm"
        return Program("litellm", [home / "bin/litellm", "--config", config, "--host", "127.0.0.1", "--port", port,
                                   "--run_gunicorn", "--num_workers", 2],
                       {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION",
                        "PATH": f"{home / 'bin'}:{programs.environment().get('PATH', '')}"}, ready_file=False)
    return _with_port(make, "/health/liveliness", LITELLM_PATIENCE)


def versions():
    """What is compared with, for the report."""
    found = {}
    for name in ("portkey", "litellm"):
        file = settings.PEERS / name / "version"
        if file.exists():
            found[name] = file.read_text().strip()
    package = pathlib.Path(settings.ROOT / "tests/bench/peers/node/package.json")
    found |= {"node " + name: version for name, version in json.loads(package.read_text())["dependencies"].items()}
    return found
