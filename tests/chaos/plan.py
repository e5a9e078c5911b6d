"""What each caller asks for, and how: every choice comes from the seed, the caller, its lane and the request's number."""
import random
from dataclasses import dataclass, replace

import faults
from service import ABORT, FINISH, HD, STANDARD, spec

GLM, COGVIEW = "glm-image", "cogview-4-250304"

# How a request is carried on; callers.py has a method of each name.
KINDS = {"generate": 18, "stream": 14, "start": 18, "duplicates": 14, "conflict": 5, "cancel": 10, "vanish": 9, "hurry": 8,
         "revisit": 14, "delete": 4, "burst": 2}
CALLS = ("GenerateImage", "StreamGenerateImage", "StartGeneration")


@dataclass(frozen=True)
class Plan:
    number: int
    kind: str
    key: str  # "caller.request_id"; sent as user_id, so that the upstream's ledger knows whose it is
    request_id: str
    model: str
    quality: int
    size: tuple
    prompt: str
    fault: str
    policy: int
    allow_resubmission: bool
    allow_fallback: bool
    inline: bool
    patience: float  # the deadline of a call that is in no hurry, in seconds
    moment: float  # when a cancel comes, a caller vanishes, a short deadline strikes; in seconds
    rpc: str
    older: int  # the request that a revisit comes back to

    def spec(self, prompt=None):
        return spec(self.prompt if prompt is None else prompt, model=self.model, quality=self.quality, size=self.size,
                    user_id=self.key)


    def another(self, number):
        """As this one, and a request of its own."""
        return replace(self, key=f"{self.key}.{number}", request_id=f"{self.request_id}.{number}",
                       prompt=self.prompt.replace(self.key, f"{self.key}.{number}"))


@dataclass(frozen=True)
class Mix:
    """Shares between 0 and 1: of requests for the synchronous endpoints, and of those that carry a fault."""
    sync: float
    faults: float


def _picture(chance, mix):
    if chance.random() >= mix.sync:
        return GLM, HD
    return chance.choice(((COGVIEW, STANDARD), (COGVIEW, STANDARD), (COGVIEW, HD), (GLM, STANDARD)))


def make(seed, caller, lane, number, mix):
    chance = random.Random(f"{seed}/{caller}/{lane}/{number}")
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    if kind == "revisit" and number == 0:
        kind = "generate"
    model, quality = _picture(chance, mix)
    request_id = f"{lane}-{number:05d}"
    key = f"{caller}.{request_id}"
    fault, words = faults.in_prompt(chance) if chance.random() < mix.faults else ("", "")
    # Some pictures are the same as others': their bytes are shared, also with those that are deleted.
    shared = chance.random() < (0.6 if kind == "delete" else 0.12)
    subject = f"Shared {chance.randrange(3)}" if shared else key
    size = (512, 512) if shared else chance.choice(((512, 512), (544, 512), (512, 640)))
    return Plan(number=number, kind=kind, key=key, request_id=request_id, model=model, quality=quality, size=size,
                prompt=f"{subject} {words}".strip(), fault=fault, policy=chance.choice((FINISH, FINISH, ABORT)),
                allow_resubmission=chance.random() < 0.3, allow_fallback=chance.random() < 0.4, inline=chance.random() < 0.4,
                patience=chance.uniform(5, 30), moment=3 * chance.random() ** 3, rpc=chance.choice(CALLS),
                older=chance.randrange(max(1, number)))
