"""The messages below proto/ are clean under `buf lint`, and the contract breaks nobody who speaks an earlier one."""

import filecmp
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONTRACT = "proto/easel/v1"
SKIPPED = 77  # what CMakeLists.txt tells ctest


def find_buf():
    local = ROOT / "build" / "npm" / "node_modules" / ".bin" / "buf"
    return str(local) if local.exists() else shutil.which("buf")


def buf(*arguments, cwd):
    done = subprocess.run([find_buf(), *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)


def copy_sources(target):
    shutil.copytree(ROOT / "proto", target / "proto")
    shutil.copy(ROOT / "buf.yaml", target)


def take_out(commit, target):
    """The messages as of a commit, with the rules of today."""
    archive = git("archive", "--format=tar", commit, "proto").stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(target)
    shutil.copy(ROOT / "buf.yaml", target)


def same_contract(one, other):
    names = {path.name for path in (one / CONTRACT).glob("*.proto")}
    if names != {path.name for path in (other / CONTRACT).glob("*.proto")}:
        return False
    return not any(filecmp.cmpfiles(one / CONTRACT, other / CONTRACT, names, shallow=False)[1:])


def edit(tree, path, old, new):
    file = tree / path
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


class BufTestCase(unittest.TestCase):
    def setUp(self):
        if find_buf() is None:
            self.skipTest("buf is not installed; tests/run installs it")
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.tree = pathlib.Path(self.directory.name)


class Lint(BufTestCase):
    def test_finds_nothing(self):
        self.assertEqual(buf("lint", cwd=ROOT), (0, ""))

    def test_would_find_a_bad_name(self):
        copy_sources(self.tree)
        edit(self.tree, f"{CONTRACT}/image.proto", "string user_id = 5;", "string userId = 5;")
        code, output = buf("lint", cwd=self.tree)
        self.assertNotEqual(code, 0)
        self.assertIn("user_id", output)


class Breaking(BufTestCase):
    def test_nobody_who_speaks_the_contract_before_this_one(self):
        commits = git("rev-list", "HEAD", "--", CONTRACT).stdout.decode().split()
        for commit in commits:
            before = self.tree / commit
            before.mkdir()
            take_out(commit, before)
            if any((before / CONTRACT).glob("*.proto")) and not same_contract(before, ROOT):
                print(f"compared with {commit[:12]}")
                self.assertEqual(buf("breaking", "--against", str(before), cwd=ROOT), (0, ""))
                return
        self.skipTest("no earlier commit here has another contract to compare with")

    def test_would_find_a_field_that_changed_its_number(self):
        copy_sources(self.tree)
        edit(self.tree, f"{CONTRACT}/image.proto", "string prompt = 2;", "string prompt = 22;")
        code, output = buf("breaking", "--against", str(ROOT), cwd=self.tree)
        self.assertNotEqual(code, 0)
        self.assertIn("prompt", output)


if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0], "--verbose", *sys.argv[1:]], exit=False).result
    sys.exit(1 if not result.wasSuccessful() else SKIPPED if result.skipped else 0)
