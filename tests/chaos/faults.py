"""The faults that the sandbox throws, in its own words (service/sandbox/fault.h).

Left out are lies: an upstream that took the work and charged, and says with a business code that it did not. Whoever
believes it pays twice, and nobody can know better.
"""

# name -> (weight, words): carried by a prompt, so that they strike that request.
IN_PROMPTS = {
    "1302": (6, "code=1302 times={few}"),
    "1303": (2, "code=1303 times=1"),
    "1305": (2, "code=1305 retry-after=1 times=1"),
    "1312": (2, "code=1312 retry-after=1 times=1"),
    "1305 in a 200": (2, "http=200 code=1305 retry-after=1 times=1"),
    "500 with a code": (4, "http=500 code=1234 times={few}"),
    "503 with a code": (3, "http=503 code=1230 times={few}"),
    "1120": (2, "code=1120 times=1"),
    "1200": (2, "code=1200 times=1"),
    "500": (2, "http=500 times=1"),
    "502": (3, "http=502 times=1"),
    "504": (2, "http=504 times=1"),
    "522": (1, "http=522 times=1"),
    "408": (1, "http=408 times=1"),
    "1210": (1, "code=1210"),
    "1214": (1, "code=1214"),
    "1300": (1, "code=1300"),
    "1301": (2, "code=1301 filter=1"),
    "quota": (1, "code=1113 times=1"),
    "key": (1, "http=401 code=1000 times=1"),
    "drop": (3, "drop times=1"),
    "hang": (1, "hang times=1"),
    "slow": (3, "slow=0.{some}"),
    "charged, then dropped": (4, "drop=after-accept times=1"),
    "charged, then dropped, twice": (2, "drop=after-accept times=2"),
    "charged, then silent": (1, "hang after-accept times=1"),
    "charged, then 502": (3, "http=502 after-accept times=1"),
    "charged, then 500": (2, "http=500 after-accept times=1"),
    "charged, then 1231": (1, "code=1231 after-accept times=1"),
    "charged, then half an answer": (3, "cut operation=submit times=1"),
    "task fails": (3, "fail"),
    "task fails with a code": (2, "fail=1234"),
    "task is blocked": (1, "fail=1301"),
    "no image": (2, "no-image"),
    "filtered": (2, "filter=2"),
    "poll 1302": (3, "operation=poll code=1302 times={few}"),
    "poll 502": (3, "operation=poll http=502 times={few}"),
    "poll 401": (1, "operation=poll http=401 code=1000 times=1"),
    "poll unknown": (2, "operation=poll code=1214 times={few}"),
    "poll dropped": (3, "operation=poll drop times={few}"),
    "poll hangs": (1, "operation=poll hang times=1"),
    "poll slow": (2, "operation=poll slow=0.{some} times={few}"),
    "poll cut": (2, "operation=poll cut times={few}"),
    "image 404": (4, "404={few}"),
    "image late": (1, "404=5"),
    "image 403": (2, "operation=fetch http=403 times={few}"),
    "image 500": (2, "operation=fetch http=500 times={few}"),
    "image dropped": (3, "operation=fetch drop times={few}"),
    "image hangs": (1, "operation=fetch hang times=1"),
    "image cut": (5, "cut times={few}"),
    "image slow": (2, "operation=fetch slow=0.{some} times={few}"),
    "no picture": (3, "not-image times={few}"),
    "never a picture": (1, "not-image"),
    "wrong size": (2, "wrong-size"),
    "redirected away": (1, "redirect=http://192.0.2.1/elsewhere.png"),
    "signed": (4, "signed"),
}

# Thrown at whoever comes next, by the sandbox's own call.
STORMS = {
    "busy": {"code": 1302, "times": 8},
    "overloaded": {"code": 1305, "retry-after": 2, "times": 3},
    "502": {"http": 502, "times": 4},
    "503": {"http": 503, "code": 1230, "times": 6},
    "dropped": {"drop": True, "times": 4},
    "charged and dropped": {"drop": "after-accept", "times": 4},
    "charged and cut": {"cut": True, "operation": "submit", "times": 3},
    "slow": {"slow": 0.8, "times": 6},
    "polls fail": {"operation": "poll", "http": 502, "times": 20},
    "polls dropped": {"operation": "poll", "drop": True, "times": 20},
    "tasks fail": {"fail": "1234", "times": 3},
    "images gone": {"404": 6},
    "images cut": {"cut": True, "times": 6},
    "images forbidden": {"operation": "fetch", "http": 403, "times": 6},
    "no pictures": {"not-image": True, "times": 6},
}


def in_prompt(chance):
    """A fault's name, and the words that a prompt carries for it."""
    name = chance.choices(list(IN_PROMPTS), [weight for weight, _ in IN_PROMPTS.values()])[0]
    words = IN_PROMPTS[name][1].format(few=chance.choice((1, 1, 2, 3)), some=chance.choice((2, 5, 9)))
    return name, f"[[sandbox: {words}]]"


def storm(chance):
    names = chance.sample(list(STORMS), chance.choice((1, 1, 2, 3)))
    return names, [STORMS[name] for name in names]
