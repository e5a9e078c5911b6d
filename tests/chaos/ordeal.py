"""A run from start to end: a house, a crowd of callers, the weather, and the reckoning."""
import shutil
import sys

from book import Book
from callers import send_home, start_callers
from disk import Disk
from house import House
from plan import Mix
from reckoning import Reckoning
from service import state
from table import good, histories, table
from village import Village, VillageWeather
from weather import HouseWeather
from wires import Wires

SHOW_EVERY = 5  # seconds


def say(text):
    print(text, flush=True)


def run(options):
    """Returns whether all promises were kept."""
    say(f"chaos for {options.seconds:g} s with --seed {options.seed}; files in {options.directory}")
    book = Book(options.directory / "journal.jsonl")
    wires, disk = Wires(options.seed), Disk(options.directory / "disk")
    if disk.why_not:
        say(f"the disk will not fill: {disk.why_not}")
    house = build(options, disk, wires, book)
    try:
        house.serve()
        many = options.replicas > 1
        crowd, closing = start_callers(book, house.address if many else wires.callers.address, options.seed, Mix(options.sync, options.faults),
                                       options.callers, options.lanes)
        weather = (VillageWeather(house, wires, options.seed, options.pause) if many else
                   HouseWeather(house, wires, disk, options.seed, options.pause))
        storm(options, book, house, weather)
        stuck = send_home(crowd, closing, patience=8)
        if stuck:
            book.trouble(f"callers that never came back: {stuck}")
        reckoning = calm(options, book, house)
        return report(options, reckoning, house, weather, crowd)
    finally:
        for process in house.processes():
            if process is not None and process.running():
                process.kill()


def build(options, disk, wires, book):
    what = (options.directory, disk, wires, book, options.seed, options.rejects_duplicates, options.retention)
    return Village(options.replicas, *what) if options.replicas > 1 else House(*what)


def storm(options, book, house, weather):
    shown = 0
    while book.seconds() < options.seconds:
        event = weather.next()
        book.note(None, event)
        if book.seconds() - shown >= SHOW_EVERY:
            shown = book.seconds()
            say(progress(book, house, event))


def progress(book, house, event):
    accepted = [request.last for request in book.accepted() if request.last is not None]
    kept = sum(state(generation) == "SUCCEEDED" for generation in accepted)
    wrong = sum(bool(request.wrongs) for request in list(book.requests.values()))
    return (f"{book.seconds():6.0f} s  {len(book.requests)} requests, {len(accepted)} accepted, {kept} seen to succeed, "
            f"{house.kills()} kills, {house.wires.upstream.number} upstream connections, "
            f"{wrong + len(book.troubles)} wrong; {event}")


def calm(options, book, house):
    """All faults off, easeld started a last time, and everything may end."""
    house.disk.empty()
    house.calm()
    house.wires.calm()
    house.sandbox.clear()
    house.check()
    house.kill("kill -9")
    house.serve()
    say(f"{book.seconds():6.0f} s  calm: waiting until everything has ended")
    reckoning = Reckoning(book, house)
    reckoning.await_ends(options.patience, lambda text: book.note(None, text))
    say(f"{book.seconds():6.0f} s  reckoning")
    house.check()
    reckoning.reckon()
    house.terminate("SIGTERM")
    return reckoning


def report(options, reckoning, house, weather, crowd):
    well = good(reckoning)
    if not well:
        for line in histories(reckoning, house):
            say(line)
        for trouble in reckoning.book.troubles[:20]:
            say(f"TROUBLE: {trouble}")
    replicas = f"{options.replicas} replicas, " if options.replicas > 1 else ""
    say(f"\neaseld under chaos: {replicas}{options.seconds:g} s, seed {options.seed}, {reckoning.book.seconds():.0f} s with the end")
    say(table(reckoning, house, weather, crowd))
    if not well:
        keep_disk(house.disk, options.directory / "kept")
        say(f"\nNot all promises were kept. Data, logs and the journal: {options.directory}\n"
            f"Again: tests/chaos/run --replicas {options.replicas} --seconds {options.seconds:g} --seed {options.seed}")
    return well


def keep_disk(disk, directory):
    """A file system of this process's own vanishes with it."""
    try:
        shutil.copytree(disk.path, directory, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        print(f"not all of the data could be kept: {error}", file=sys.stderr)
