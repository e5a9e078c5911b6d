"""Images in S3-compatible storage: kept, read, linked to and deleted there, and what is said when it does not answer. The
server checks every signature with AWS's own library."""
import hashlib
import pathlib
import sys
import threading

import png
import pytest
from fake_zai import Reply
from processes import until
from service import api, http_get, refused, state

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "fakes"))
import fake_s3  # noqa: E402  pylint: disable=wrong-import-position

CREDENTIALS = {"AWS_ACCESS_KEY_ID": fake_s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": fake_s3.SECRET}


@pytest.fixture
def bucket():
    server = fake_s3.make_server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def easeld(workshop, zai, bucket, **more):
    settings = {"EASEL_IMAGES": "s3://pictures/made/by easel", "EASEL_S3_ENDPOINT": bucket.url,
                "EASEL_S3_REGION": fake_s3.REGION, **CREDENTIALS, **more}
    return workshop.easeld(zai, **settings)


def key_of(data):
    digest = hashlib.sha256(data).hexdigest()
    return f"made/by easel/{digest[:2]}/{digest}"


@pytest.fixture
def made(workshop, zai, bucket):
    data = png.noise(512, 512)
    zai.script("A photograph", image=[Reply(200, data, {"Content-Type": "image/png"})])
    service = easeld(workshop, zai, bucket)
    return service, service.generate("A photograph", size=(512, 512)).generation, data


def test_an_image_is_kept_and_read_there(made, bucket):
    service, generation, data = made
    assert bucket.objects[key_of(data)] == data
    assert b"".join(chunk.data for chunk in service.read_image(generation.name)) == data
    assert b"".join(chunk.data for chunk in service.read_image(generation.name, 500_000)) == data[500_000:]
    assert http_get(service.http + "/readyz").status == 200


def test_the_url_leads_there_without_a_key(made, bucket):
    _, generation, data = made
    assert generation.image.url.startswith(bucket.url + "/pictures/made/by%20easel/")
    reply = http_get(generation.image.url)
    assert (reply.status, reply.headers["Content-Type"], reply.body) == (200, "image/png", data)
    assert http_get(generation.image.url.replace("X-Amz-Expires=", "X-Amz-Expires=1")).status == 403
    assert generation.image.url_expire_time.seconds > generation.end_time.seconds


def test_deleting_the_generation_deletes_the_object(made, bucket):
    service, generation, data = made
    service.images.DeleteGeneration(api.DeleteGenerationRequest(name=generation.name), timeout=60)
    until(lambda: key_of(data) not in bucket.objects, "the object is gone")


def test_a_storage_that_is_down_costs_nothing_and_comes_back(workshop, zai, bucket):
    service = easeld(workshop, zai, bucket)
    bucket.failures += [503] * 1000
    until(lambda: http_get(service.http + "/readyz").status == 503, "/readyz is red")
    told = refused(service.generate, "While it is down")
    assert (told.code, zai.charged("While it is down")) == ("UNAVAILABLE", 0)
    bucket.failures.clear()
    until(lambda: http_get(service.http + "/readyz").status == 200, "/readyz is green")
    assert state(service.generate("When it is back").generation) == "SUCCEEDED"


def test_an_image_waits_for_the_storage(workshop, zai, bucket):
    service = easeld(workshop, zai, bucket)
    bucket.failures += [0] * 2
    assert state(service.generate("Behind two broken connections").generation) == "SUCCEEDED"


def test_no_secret_is_shown(made):
    service, generation, _ = made
    log = service.log()
    assert fake_s3.SECRET not in log and "X-Amz-Signature" not in log and generation.image.url not in log


@pytest.mark.parametrize("missing", sorted(CREDENTIALS))
def test_credentials_are_asked_for_at_the_start(workshop, zai, bucket, missing):
    with pytest.raises(AssertionError, match="AWS_SECRET_ACCESS_KEY"):
        easeld(workshop, zai, bucket, **{missing: ""})
