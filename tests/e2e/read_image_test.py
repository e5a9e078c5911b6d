"""ReadImage: the kept bytes in pieces, from any offset on."""
import hashlib

import png
import pytest
from fake_zai import Hold, Reply, error
from service import HD, api, refused


@pytest.fixture(scope="module")
def kept(shared_service, shared_zai):
    data = png.noise(512, 512)
    shared_zai.script("A photograph", image=[Reply(200, data, {"Content-Type": "image/png"})])
    return shared_service.generate("A photograph", size=(512, 512), quality=HD).generation, data


def join(chunks):
    return b"".join(chunk.data for chunk in chunks)


def test_the_pieces_are_the_image(service, kept):
    generation, data = kept
    chunks = service.read_image(generation.name)
    assert join(chunks) == data
    assert len(chunks) >= len(data) / 65536 and max(len(chunk.data) for chunk in chunks) <= 65536
    assert (chunks[0].size_bytes, chunks[0].sha256) == (len(data), hashlib.sha256(data).hexdigest())
    at = 0
    for chunk in chunks:
        assert chunk.offset == at
        at += len(chunk.data)


@pytest.mark.parametrize("offset", [1, 65535, 65536, 65537, 500_000])
def test_reading_begins_where_it_is_told(service, kept, offset):
    generation, data = kept
    chunks = service.read_image(generation.name, offset)
    assert chunks[0].offset == offset
    assert join(chunks) == data[offset:]
    assert (chunks[0].size_bytes, chunks[0].sha256) == (len(data), generation.image.sha256)


def test_a_broken_download_goes_on(service, kept):
    generation, data = kept
    got = b""
    while len(got) < len(data):
        call = service.images.ReadImage(api.ReadImageRequest(name=generation.name, read_offset=len(got)), timeout=60)
        for _ in range(3):  # then the connection breaks
            piece = next(call, None)
            got += piece.image_chunk.data if piece else b""
        call.cancel()
    assert got == data


def test_the_end_is_an_offset_and_nothing_behind_it_is(service, kept):
    generation, data = kept
    assert join(service.read_image(generation.name, len(data))) == b""
    told = refused(service.read_image, generation.name, len(data) + 1)
    assert (told.code, told.reason) == ("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE")
    assert refused(service.read_image, generation.name, -1).code == "INVALID_ARGUMENT"


def test_an_image_in_the_making_cannot_be_read(service, shared_zai):
    held = Hold()
    shared_zai.script("Unfinished", poll=[held])
    name = service.start("Unfinished").name
    told = refused(service.read_image, name)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "GENERATION_NOT_ENDED")
    held.release()
    service.end_of(name)
    assert png.read(join(service.read_image(name))) == (1280, 1280)


def test_a_failure_has_no_image(service, shared_zai):
    shared_zai.script("No image", submit=[error(400, "1301")])
    name = service.end_of(service.start("No image").name).name
    told = refused(service.read_image, name)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "NO_IMAGE")


def test_equal_images_are_kept_once(workshop, zai):
    service = workshop.easeld(zai)
    data = png.picture(1280, 1280, "the same")
    for number in range(3):
        zai.script(f"Twin {number}", image=[Reply(200, data, {"Content-Type": "image/png"})])
        assert join(service.read_image(service.generate(f"Twin {number}").generation.name)) == data
    files = [path for path in (workshop.directory / "data").rglob("*") if path.is_file() and
             path.read_bytes()[:8] == png.SIGNATURE]
    assert [path.read_bytes() for path in files] == [data]
    digest = hashlib.sha256(data).hexdigest()
    assert digest in "".join(files[0].parts[-3:]).replace(".", "")


def test_half_a_file_is_never_left(workshop, zai):
    service = workshop.easeld(zai)
    held = Hold()
    zai.script("Interrupted", image=[held])
    name = service.start("Interrupted").name
    assert held.entered.wait(60)
    service.kill()
    held.release()
    again = workshop.easeld(zai)
    assert png.read(join(again.read_image(again.end_of(name).name))) == (1280, 1280)
    assert zai.charged("Interrupted") == 1
