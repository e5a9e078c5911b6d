"""The workshop of tests/e2e, for what is shipped in deploy/."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

# pylint: disable=wrong-import-position
from shop import Shop  # noqa: E402


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    place = Shop(tmp_path_factory.mktemp("deploy"))
    yield place
    place.close()
