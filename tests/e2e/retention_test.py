"""What is kept, for how long, and how it goes: by age, by size, by DeleteGeneration; and what a crash leaves behind."""
import hashlib
import sqlite3
import threading

import grpc
import png
import pytest
from fake_zai import Hold, Reply
from processes import until
from service import HD, INLINE, api, charge, http_get, refusal_of, refused, state, together


def kept_files(workshop):
    """The digests of all images on the disk."""
    return {path.name for path in (workshop.directory / "data/images").glob("??/*")}


def reason_of_reading(service, name):
    """Why the image cannot be read; empty if it can."""
    try:
        service.read_image(name)
        return ""
    except grpc.RpcError as error:
        return refusal_of(error).reason


def delete(service, name):
    service.images.DeleteGeneration(api.DeleteGenerationRequest(name=name), timeout=60)


def noise_for(zai, prompt, side=512):
    """Makes the next image of this prompt one that fills many pieces; returns its bytes."""
    data = png.noise(side, side)
    zai.script(prompt, image=[Reply(200, data, {"Content-Type": "image/png"})])
    return data


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_images_go_by_age_and_their_ids_stay_known(workshop, zai):
    service = workshop.easeld(zai, EASEL_RETENTION="1s")
    made = service.generate("Short-lived", request_id="short").generation
    until(lambda: reason_of_reading(service, made.name) == "IMAGE_EXPIRED", "the image's end")
    until(lambda: not kept_files(workshop), "the bytes' end")
    shown = service.get(made.name)
    assert (state(shown), charge(shown), shown.image.url) == ("SUCCEEDED", "MADE", "")
    assert shown.image.HasField("remove_time") and shown.image.sha256 == made.image.sha256
    assert http_get(made.image.url).status in (403, 410)  # its signature ends with it
    assert service.generate("Short-lived", request_id="short").generation.name == made.name
    told = refused(service.generate, "Short-lived", request_id="short", delivery=INLINE)
    assert (told.code, told.reason, told.metadata["charge_state"]) == ("NOT_FOUND", "IMAGE_EXPIRED", "MADE")
    assert zai.charged("Short-lived") == 1


def test_a_record_goes_when_its_time_is_over_and_its_id_is_free(workshop, zai):
    service = workshop.easeld(zai)
    first = service.generate("Twice in a while", request_id="again").generation.name
    other = service.generate("Stays", request_id="stays").generation.name
    service.stop()
    with sqlite3.connect(workshop.directory / "data/generations.db") as records:
        records.execute("UPDATE generations SET remove_time = 1 WHERE name = ?", [first])  # long ago
    records.close()
    service = workshop.easeld(zai)
    until(lambda: service.list(request_id="again") == [], "the record's end")
    until(lambda: len(kept_files(workshop)) == 1, "the bytes' end")
    assert reason_of_reading(service, other) == ""
    assert service.generate("Twice in a while", request_id="again").generation.name != first
    assert zai.charged("Twice in a while") == 2


def test_what_is_too_much_goes_oldest_first(workshop, zai):
    service = workshop.easeld(zai, EASEL_IMAGES_MAX_TOTAL_BYTES="2500KiB", EASEL_IMAGE_MAX_BYTES="1MiB")
    names, urls = [], []
    for number in range(5):  # 768 KiB each
        noise_for(zai, f"Number {number}")
        made = service.generate(f"Number {number}", request_id=f"n{number}", size=(512, 512), quality=HD).generation
        names.append(made.name)
        urls.append(made.image.url)
    until(lambda: len(kept_files(workshop)) == 3, "room")
    assert [reason_of_reading(service, name) for name in names] == ["IMAGE_EXPIRED"] * 2 + [""] * 3
    assert [http_get(url).status for url in urls] == [410] * 2 + [200] * 3
    assert service.start("Number 0", request_id="n0", size=(512, 512), quality=HD).name == names[0]
    assert zai.charged("Number 0") == 1


def test_deleting_one_of_two_that_share_their_bytes_keeps_the_other(workshop, zai):
    service = workshop.easeld(zai)
    first, second = (service.generate("Twins", request_id=request_id).generation for request_id in ("one", "two"))
    assert first.image.sha256 == second.image.sha256 and len(kept_files(workshop)) == 1
    delete(service, first.name)
    assert reason_of_reading(service, first.name) == "GENERATION_NOT_FOUND"
    assert digest(b"".join(chunk.data for chunk in service.read_image(second.name))) == second.image.sha256
    delete(service, second.name)
    assert not kept_files(workshop)
    assert refused(delete, service, second.name).reason == "GENERATION_NOT_FOUND"


def test_a_reader_in_the_middle_of_an_image_that_is_deleted_reads_to_its_end(workshop, zai):
    data = noise_for(zai, "Read on", side=2048)  # more than all buffers between the two take
    service = workshop.easeld(zai)
    name = service.generate("Read on", size=(2048, 2048)).generation.name
    reading = service.images.ReadImage(api.ReadImageRequest(name=name), timeout=60)
    got = next(reading).image_chunk.data
    delete(service, name)
    assert reason_of_reading(service, name) == "GENERATION_NOT_FOUND"
    assert kept_files(workshop) == {digest(data)}
    assert got + b"".join(reply.image_chunk.data for reply in reading) == data


def test_an_image_that_is_read_outlives_its_time(workshop, zai):
    data = noise_for(zai, "Slow reader", side=2048)
    service = workshop.easeld(zai, EASEL_RETENTION="3s")  # the reader comes before that
    name = service.generate("Slow reader", size=(2048, 2048)).generation.name
    reading = service.images.ReadImage(api.ReadImageRequest(name=name), timeout=60)
    got = next(reading).image_chunk.data
    other = service.generate("Goes before").generation.name
    until(lambda: reason_of_reading(service, other) == "IMAGE_EXPIRED", "the end of a younger image")
    assert not service.get(name).image.HasField("remove_time")
    assert got + b"".join(reply.image_chunk.data for reply in reading) == data
    until(lambda: reason_of_reading(service, name) == "IMAGE_EXPIRED", "the image's end")


def test_what_runs_is_not_deleted(workshop, zai):
    held = Hold()
    zai.script("At work", poll=[held])
    service = workshop.easeld(zai)
    name = service.reach(service.start("At work").name, "RENDERING").name
    told = refused(delete, service, name)
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "GENERATION_NOT_ENDED")
    assert (told.metadata["generation"], told.metadata["charge_state"]) == (name, "MADE")
    held.release()
    assert state(service.end_of(name)) == "SUCCEEDED"
    delete(service, name)


def test_bytes_that_no_record_refers_to_go_at_the_next_start(workshop, zai):
    service = workshop.easeld(zai)
    made = service.generate("Referred to").generation
    service.kill()
    for number in range(300):
        path = workshop.directory / f"data/images/{number % 256:02x}/{number % 256:02x}{number:062x}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"forgotten")
    service = workshop.easeld(zai)
    until(lambda: kept_files(workshop) == {made.image.sha256}, "the forgotten ones' end")
    assert reason_of_reading(service, made.name) == ""


@pytest.mark.parametrize("round_", range(3))
def test_killed_while_deleting_no_record_lacks_its_bytes_and_no_bytes_are_left(workshop, zai, round_):
    service = workshop.easeld(zai, EASEL_UPSTREAM_CONCURRENCY_START=8)
    names = together(16, lambda number: service.generate(f"Doomed {number // 2}").generation.name)  # two share their bytes
    deleted = threading.Semaphore(0)

    def try_to_delete(number):
        try:
            delete(service, names[number])
            deleted.release()
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error

    deleting = [threading.Thread(target=try_to_delete, args=[number]) for number in range(0, 16, 2 if round_ == 2 else 1)]
    for thread in deleting:
        thread.start()
    for _ in range(3 + round_):
        assert deleted.acquire(timeout=60)
    service.kill()
    for thread in deleting:
        thread.join()
    service = workshop.easeld(zai)
    left = service.list(page_size=1000)
    assert len(left) < 16
    until(lambda: kept_files(workshop) == {one.image.sha256 for one in left}, "only what is referred to")
    for one in left:
        assert reason_of_reading(service, one.name) == ""
