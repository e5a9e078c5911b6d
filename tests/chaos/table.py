"""The table at the end, and the histories of what went wrong."""
import collections

from service import charge, read_status, state


def _dollars(micros):
    return f"${micros / 1e6:,.3f}"


def _rows(pairs):
    width = max(len(name) for name, _ in pairs)
    return "\n".join(f"  {name:<{width}}  {value}" for name, value in pairs)


def _counts(counter):
    return [("    " + name, count) for name, count in sorted(counter.items(), key=lambda item: (-item[1], item[0])) if count]


def table(reckoning, house, weather, crowd):
    book = reckoning.book
    accepted = [request for request in book.requests.values() if request.last is not None]
    ends = collections.Counter(state(request.last) for request in accepted)
    reasons = collections.Counter(read_status(request.last.error).reason for request in accepted
                                  if state(request.last) == "FAILED")
    charges = collections.Counter(charge(request.last) for request in accepted)
    thrown = collections.Counter(weather.storms)
    for one in crowd:
        thrown.update(one.thrown)
    least, most = (sum(map(one, accepted)) for one in (reckoning.least, reckoning.most))
    pairs = [("requests", len(book.requests)), ("accepted", len(accepted)), ("succeeded", ends["SUCCEEDED"]),
             ("failed, with a type", ends["FAILED"]), *_counts(reasons), ("cancelled", ends["CANCELLED"]),
             ("deleted", sum(request.deletion == "done" for request in accepted)),
             ("images gone by their age", reckoning.expired),
             ("image files without a record", reckoning.unclaimed()),
             ("charged by the ledger", f"{reckoning.ledger['charged']}, {_dollars(reckoning.ledger['charged_micros'])}"),
             ("charged by Easel", f"{_dollars(least)} made, {_dollars(most)} with what is unknown"),
             ("unknown charges", charges["UNKNOWN"]),
             ("charged, nobody knows for whom", len(reckoning.rows.keys() - book.requests.keys())),
             ("kills", house.kills()), *_counts({name: count for name, count in house.counts.items()
                                                 if "kill" in name or name.startswith("SIGTERM")}),
             ("also", ""), *_counts({name: count for name, count in house.counts.items()
                                     if "kill" not in name and not name.startswith("SIGTERM")}),
             ("faults thrown", sum(thrown.values())), *_counts(thrown),
             ("connections cut", sum(house.wires.counts().values())), *_counts(house.wires.counts()),
             ("calls, and what they were told", sum(book.calls.values())), *_counts(book.calls),
             ("the upstream was shown the key by mistake", reckoning.ledger["leaked_authorization"]),
             ("ledger outside of Easel's charges", len(reckoning.uneven)),
             ("other troubles", len(book.troubles)),
             ("LOST", len(reckoning.lost)), ("PAID TWICE", len(reckoning.twice))]
    return _rows(pairs)


def good(reckoning):
    book = reckoning.book
    least, most = (sum(map(one, book.requests.values())) for one in (reckoning.least, reckoning.most))
    even = not reckoning.uneven and least <= reckoning.ledger["charged_micros"] <= most
    return even and not (reckoning.lost or reckoning.twice or book.troubles or reckoning.ledger["leaked_authorization"])


def histories(reckoning, house, most=12):
    """Of the first few that went wrong: everything that is known."""
    wrong = list({request.key: request for request in reckoning.lost + reckoning.twice + reckoning.uneven}.values())
    for request in wrong[:most]:
        yield f"--- {request.key} {sorted(request.names)} allow_resubmission={request.allow_resubmission}"
        yield from (f"  WRONG: {text}" for text in request.wrongs)
        yield f"  {reckoning.least(request)} <= {reckoning.true(request)} <= {reckoning.most(request)}"
        yield from (f"  saw {line}" for line in request.history)
        yield from (f"  ledger {row}" for row in reckoning.ledger["entries"] if row["user_id"] == request.key)
        for attempt in request.last.attempts if request.last is not None else ():
            yield (f"  attempt {attempt.start_time.ToJsonString()} {attempt.code!r} task={attempt.task_id!r} "
                   f"{charge(attempt)} {attempt.charge.cost_micros}")
        for name in request.names:
            yield from (f"  log {line}" for line in house.log_of(name))
    if len(wrong) > most:
        yield f"--- and {len(wrong) - most} more: see the journal"
