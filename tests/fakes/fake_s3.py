#!/usr/bin/python3
"""An S3 that keeps its objects in memory and believes nobody: botocore, AWS's own library, works out every signature again.

Alone it serves on a free port of 127.0.0.1, which is the first line it prints. The bucket is "pictures", the credentials are
below. POST /_fail?times=N&status=S makes the next N requests end in status S (0: the connection
is cut), GET /_objects lists the keys and GET /_requests what was asked for, as JSON.
"""
import hashlib
import hmac
import http.server
import json
import sys
import threading
import urllib.parse
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID, SECRET, REGION, BUCKET = "AKIDEASELTEST", "a-secret-of-no-account/1+2=3", "eu-test-1", "pictures"
TIME_FORMAT = "%Y%m%dT%H%M%SZ"


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


def signature_of(auth_class, request, credential, time):
    key_id, _, scope = credential.partition("/")
    if key_id != KEY_ID:
        raise Refused(403, "InvalidAccessKeyId")
    if scope != f"{time[:8]}/{REGION}/s3/aws4_request":
        raise Refused(400, "AuthorizationHeaderMalformed")
    auth = auth_class(Credentials(KEY_ID, SECRET), "s3", REGION)
    request.context["timestamp"] = time
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def age(time):
    return datetime.now(timezone.utc) - datetime.strptime(time, TIME_FORMAT).replace(tzinfo=timezone.utc)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fake-s3"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.serve()

    do_PUT = do_DELETE = do_POST = do_GET

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if url.path.startswith("/_"):
            return self.control(url.path, query)
        with self.server.lock:
            self.server.requests.append(f"{self.command} {url.path}")
            failing = self.server.failures.pop(0) if self.server.failures else None
        if failing == 0:
            self.close_connection = True
            return self.connection.shutdown(2)
        try:
            if failing:
                raise Refused(failing, "SlowDown")
            if "X-Amz-Signature" in query:
                self.check_presigned(url, dict(query))
            else:
                self.check_signed(url, body)
            self.answer(urllib.parse.unquote(url.path), query, body)
        except Refused as refused:
            text = f"<?xml version='1.0'?><Error><Code>{refused.code}</Code><Message>no &amp; again</Message></Error>"
            self.reply(refused.status, text.encode(), "application/xml")

    def check_signed(self, url, body):
        scheme, _, rest = self.headers.get("Authorization", "").partition(" ")
        if scheme != "AWS4-HMAC-SHA256":
            raise Refused(403, "AccessDenied")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        time = self.headers["x-amz-date"]
        if abs(age(time)) > timedelta(minutes=15):
            raise Refused(403, "RequestTimeTooSkewed")
        if hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]:
            raise Refused(400, "XAmzContentSHA256Mismatch")
        signed = {name: self.headers[name] for name in parts["SignedHeaders"].split(";")}
        if "host" not in signed or any(n.lower().startswith("x-amz-") and n.lower() not in signed for n in self.headers):
            raise Refused(403, "AccessDenied")
        request = AWSRequest(self.command, f"http://{signed['host']}{self.path}", headers=signed, data=body)
        if not hmac.compare_digest(signature_of(S3SigV4Auth, request, parts["Credential"], time), parts["Signature"]):
            raise Refused(403, "SignatureDoesNotMatch")

    def check_presigned(self, url, query):
        signature = query.pop("X-Amz-Signature")
        time = query["X-Amz-Date"]
        if age(time) > timedelta(seconds=int(query["X-Amz-Expires"])):
            raise Refused(403, "AccessDenied")
        unsigned = f"http://{self.headers['Host']}{url.path}?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}"
        request = AWSRequest(self.command, unsigned, headers={"host": self.headers["Host"]})
        if not hmac.compare_digest(signature_of(S3SigV4QueryAuth, request, query["X-Amz-Credential"], time), signature):
            raise Refused(403, "SignatureDoesNotMatch")

    def answer(self, path, query, body):
        bucket, _, key = path.lstrip("/").partition("/")
        if bucket != BUCKET:
            raise Refused(404, "NoSuchBucket")
        objects = self.server.objects
        if not key:
            return self.list(query)
        if self.command == "PUT":
            objects[key] = body
            return self.reply(200)
        if self.command == "DELETE":
            objects.pop(key, None)
            return self.reply(204)
        if key not in objects:
            raise Refused(404, "NoSuchKey")
        content_type = query.get("response-content-type", "application/octet-stream")
        asked = self.headers.get("Range")
        if asked is None:
            return self.reply(200, objects[key], content_type)
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        return self.reply(206, objects[key][first:], content_type)

    def list(self, query):
        assert query["list-type"] == "2"
        keys = sorted(k for k in self.server.objects if k.startswith(query.get("prefix", "")))
        keys = [key for key in keys if key > query.get("start-after", "")][: int(query["max-keys"])]
        entries = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{len(self.server.objects[key])}</Size></Contents>" for key in keys)
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        self.reply(200, f'<?xml version="1.0"?><ListBucketResult xmlns="{namespace}">{entries}</ListBucketResult>'.encode())

    def control(self, path, query):
        if path == "/_fail":
            self.server.failures += [int(query["status"])] * int(query["times"])
        told = {"/_objects": sorted(self.server.objects), "/_requests": self.server.requests}.get(path, [])
        self.reply(200, json.dumps(told).encode())

    def reply(self, status, body=b"", content_type="application/xml"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that goes away early is none."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def make_server():
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.lock = threading.Lock()
    server.objects, server.requests, server.failures = {}, [], []
    return server


def main():
    server = make_server()
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
