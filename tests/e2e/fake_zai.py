"""A second, independent Z.AI, written from the published wire format alone.

It keeps its own ledger of what it was sent, charged and served, and a list of complaints about requests that the real
one would not understand. What it answers to a prompt can be scripted.
"""
import itertools
import json
import re
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import png

API = "/api/paas/v4"
FIELDS = {"model", "prompt", "quality", "size", "user_id"}
SIZES = {"glm-image": (32, 2**22), "cogview-4-250304": (16, 2**21)}


@dataclass
class Reply:
    """An answer: `body` is JSON for a dict, else sent as it is."""
    status: int = 200
    body: object = b""
    headers: dict = field(default_factory=dict)


class Cut:
    """The connection ends: without an answer, or after half of `reply`."""

    def __init__(self, reply=None):
        self.reply = reply


class Hold:
    """No answer before `release` is called; then the usual one. `abandoned` is set if the caller hangs up first."""

    def __init__(self):
        self.entered, self.released, self.abandoned = threading.Event(), threading.Event(), threading.Event()

    def release(self):
        self.released.set()

    def wait(self, connection):
        self.entered.set()
        while not self.released.wait(0.01):
            if select.select([connection], [], [], 0)[0] and not connection.recv(1, socket.MSG_PEEK):
                self.abandoned.set()
                return False
        return True


def error(status, code, message="no", **more):
    return Reply(status, {"error": {"code": code, "message": message}, **more})


@dataclass
class Submission:
    endpoint: str
    body: dict
    headers: dict
    charged: bool = False
    task: str = ""


class FakeZai:
    key = "0123456789abcdef0123456789abcdef.fakeSecretFake01"

    def __init__(self):
        self.lock = threading.Lock()
        self.submissions, self.polls, self.fetches, self.complaints = [], [], [], []
        self.scripts, self.tasks, self.images = {}, {}, {}
        self.holds = []
        self.numbers = itertools.count(8353992347972780031)
        self.queries = itertools.count(1)
        self.signed = True
        fake = self

        class Handler(_Handler):
            zai = fake

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024  # a full queue would look like connections that break

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def base_url(self):
        return self.origin + API

    def close(self):
        for hold in self.holds:
            hold.release()
        self.server.shutdown()
        self.server.server_close()

    def script(self, prompt, submit=(), poll=(), image=()):
        """What the next requests about this prompt are answered, each step once; afterwards all goes well."""
        steps = {"submit": list(submit), "poll": list(poll), "image": list(image)}
        self.holds += [step for step in itertools.chain(*steps.values()) if isinstance(step, Hold)]
        with self.lock:
            self.scripts[prompt] = steps

    def next_step(self, prompt, kind):
        with self.lock:
            steps = self.scripts.get(prompt, {}).get(kind)
            if not steps:
                return None
            # A held task stays so for every poll, those at the same time included.
            stays = kind == "poll" and isinstance(steps[0], Hold) and not steps[0].released.is_set()
            return steps[0] if stays else steps.pop(0)

    def submissions_of(self, prompt):
        with self.lock:
            return [one for one in self.submissions if one.body.get("prompt") == prompt]

    def charged(self, prompt):
        return sum(one.charged for one in self.submissions_of(prompt))

    def polls_of(self, prompt):
        with self.lock:
            return [task for task in self.polls if self.tasks.get(task, {}).get("prompt") == prompt]

    def fetches_of(self, prompt):
        with self.lock:
            return [target for target in self.fetches if self.images.get(target, {}).get("prompt") == prompt]

    def image_url(self, body):
        """A fresh URL in the two forms that were observed: signed and unsigned."""
        number = next(self.queries)
        target = f"/{int(time.time() * 1000)}-{number:032x}.png"
        if self.signed:
            target += f"?UCloudPublicKey=TOKEN_{number}&Signature=aB%2b%2Fc+d%3D%3d&Expires={int(time.time()) + 86400}"
        else:
            target += f"?ufileattname={number}_watermark.png"
        with self.lock:
            self.images[target] = body
        return self.origin + target

    def success(self, body):
        now = time.time()
        request_id = time.strftime("%Y%m%d%H%M%S") + "d575507d4570"
        return {"created": int(now), "data": [{"url": self.image_url(body)}], "id": request_id, "request_id": request_id,
                "usage": {"tokens": 0, "price": 0, "cost": 0.0, "duration": 71}, "timestamp": int(now * 1000),
                "model": "GLM-Image"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    zai: FakeZai

    def log_message(self, *_):
        pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:  # the caller died in the middle of its request
            self.close_connection = True
            return None
        try:
            body = json.loads(raw)
        except ValueError:
            self.zai.complaints.append(f"not JSON: {raw[:80]!r}")
            return self.answer(error(400, "1210"))
        endpoint = {API + "/images/generations": "sync", API + "/async/images/generations": "async"}.get(self.path)
        submission = Submission(endpoint or self.path, body, dict(self.headers.items()))
        with self.zai.lock:
            self.zai.submissions.append(submission)
        refusal = self.refusal(endpoint, body)
        step = None if refusal else self.zai.next_step(body["prompt"], "submit")
        if refusal or (step and not isinstance(step, Hold)):
            return self.answer(refusal or (step(body) if callable(step) else step))
        submission.charged = True
        if step and not step.wait(self.connection):
            self.close_connection = True
            return None
        if endpoint == "sync":
            return self.answer(Reply(200, self.zai.success(body)))
        submission.task = str(next(self.zai.numbers))
        with self.zai.lock:
            self.zai.tasks[submission.task] = body
        return self.answer(Reply(200, {"model": "glm-image", "id": submission.task, "request_id": submission.task,
                                       "task_status": "PROCESSING"}))

    def do_GET(self):
        if self.path.startswith(API + "/async-result/"):
            return self.poll(self.path.rsplit("/", 1)[1])
        return self.image()

    def poll(self, task):
        with self.zai.lock:
            self.zai.polls.append(task)
            body = self.zai.tasks.get(task)
        if self.headers.get("Authorization") != "Bearer " + self.zai.key:
            return self.answer(error(401, "1000", "Authentication Failed"))
        if body is None:
            return self.answer(error(400, "1210", "unknown task"))
        step = self.zai.next_step(body["prompt"], "poll")
        if isinstance(step, Hold):
            # A held task is still being worked on: it goes on saying so.
            if not step.released.is_set():
                step.entered.set()
                return self.answer(Reply(200, {"model": "GLM-Image", "task_status": "PROCESSING", "id": task}))
        elif step:
            return self.answer(step(body) if callable(step) else step)
        return self.answer(Reply(200, {"model": "GLM-Image", "task_status": "SUCCESS", "request_id": task, "id": task,
                                       "image_result": [{"url": self.zai.image_url(body)}]}))

    def image(self):
        if "Authorization" in self.headers:
            self.zai.complaints.append("the image host was sent the key")
        with self.zai.lock:
            self.zai.fetches.append(self.path)
            body = self.zai.images.get(self.path)
        if body is None:
            self.zai.complaints.append(f"a URL that was never given out: {urlsplit(self.path).path}")
            return self.answer(Reply(403, {"RetCode": -148643, "ErrMsg": "signature mismatch"}))
        step = self.zai.next_step(body["prompt"], "image")
        if step and not isinstance(step, Hold):
            return self.answer(step(body) if callable(step) else step)
        if step and not step.wait(self.connection):
            self.close_connection = True
            return None
        width, height = map(int, body["size"].split("x"))
        return self.answer(Reply(200, png.picture(width, height, body["prompt"]), {"Content-Type": "image/png"}))

    def refusal(self, endpoint, body):
        """What the real one would not take; and complaints about what it was never asked to take."""
        if endpoint is None:
            return Reply(404, {"error": {"code": "1222", "message": "no such API"}})
        if self.headers.get("Authorization") != "Bearer " + self.zai.key:
            return error(401, "1000", "Authentication Failed")
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            return self.complain("Content-Type " + self.headers.get("Content-Type", "is missing"))
        if set(body) - FIELDS:
            return self.complain(f"undocumented fields {sorted(set(body) - FIELDS)}")
        if not isinstance(body.get("prompt"), str) or not body["prompt"]:
            return self.complain("no prompt")
        model, quality = body.get("model"), body.get("quality", "hd")
        if model not in SIZES or (endpoint == "async" and model != "glm-image"):
            return self.complain(f"model {model} at the {endpoint} endpoint")
        if quality not in (["hd"] if endpoint == "async" else ["hd", "standard"]):
            return self.complain(f"quality {quality} at the {endpoint} endpoint")
        if "user_id" in body and not 6 <= len(body["user_id"]) <= 128:
            return self.complain("user_id")
        sides = re.fullmatch(r"([0-9]+)x([0-9]+)", body.get("size", ""))
        if not sides:
            return self.complain(f"size {body.get('size')!r}")
        width, height = int(sides[1]), int(sides[2])
        multiple, pixels = SIZES[model]
        if width % multiple or height % multiple or not all(512 <= side <= 2048 for side in (width, height)) \
                or width * height > pixels:
            return self.complain(f"size {body['size']} for {model}")
        return None

    def complain(self, what):
        self.zai.complaints.append(what)
        return error(400, "1214", what)

    def answer(self, reply):
        half = isinstance(reply, Cut)
        if half:
            self.close_connection = True
            reply = reply.reply
        if reply is None:
            return
        data = json.dumps(reply.body, ensure_ascii=False) if isinstance(reply.body, (dict, list)) else reply.body
        data = data.encode() if isinstance(data, str) else data
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Type" not in reply.headers:
                self.send_header("Content-Type", "application/json" if isinstance(reply.body, dict) else "text/html")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2] if half else data)
        except OSError:
            self.close_connection = True
