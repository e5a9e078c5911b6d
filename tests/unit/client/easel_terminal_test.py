"""The `easel` command on a terminal: the progress line, the summary, Ctrl-C."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import pytest


class Terminal:
    """A pseudo-terminal of a given width, and what was written to it."""

    def __init__(self, columns):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.text = ""

    def read_until(self, pattern):
        while not re.search(pattern, self.text):
            assert self.read(), f"{pattern} never came: {self.text!r}"

    def read(self):
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.text += data.decode()
        return bool(data)

    def read_all(self):
        while self.read():
            pass

    def drawn(self):
        """Every progress line that was drawn."""
        return re.findall(r"\r([^\r\n]*?)\x1b\[K", self.text)

    def left(self):
        """What stands on the terminal at the end."""
        rows = []
        for row in self.text.replace("\r\n", "\n").split("\n"):
            rows.append(row.rsplit("\r", 1)[-1].replace("\x1b[K", ""))
        return "\n".join(rows)


@pytest.fixture
def on_terminal(command, environment, tmp_path):
    """Starts the command with the named streams on a pseudo-terminal, the others in pipes."""
    started = []

    def run(*arguments, streams=("stdout", "stderr"), columns=80, **variables):
        terminal = Terminal(columns)
        files = {name: terminal.slave if name in streams else subprocess.PIPE for name in ("stdout", "stderr")}
        process = subprocess.Popen([command, *arguments], stdin=subprocess.DEVNULL, cwd=tmp_path,
                                   env={**environment, **variables}, **files)
        os.close(terminal.slave)
        started.append((process, terminal))
        return process, terminal

    yield run
    for process, terminal in started:
        process.kill()
        process.wait()
        os.close(terminal.master)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def test_progress_is_drawn_and_erased_and_a_summary_stays(on_terminal):
    process, terminal = on_terminal("generate", "a kitten", "-o", "k.png", "--size", "512x768")
    terminal.read_all()
    assert process.wait(timeout=60) == 0
    assert terminal.drawn()
    left = terminal.left()
    assert left.startswith("k.png\n  512x768 png, 200 kB\n  $0.015, ")
    assert "generations/" in left
    assert "\x1b" not in left


def test_the_line_shows_state_bar_and_time_left(on_terminal):
    process, terminal = on_terminal("generate", "[[hang]]", "-o", "k.png", columns=100)
    terminal.read_until(r"rendering  \[#+-+\]  \d+ %  [\d.]+ s, about \d+ s left")
    process.send_signal(signal.SIGINT)
    terminal.read_all()
    assert process.wait(timeout=60) == 1


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_the_line_never_wraps(on_terminal, columns):
    process, terminal = on_terminal("generate", "[[hang]]", "-o", "k.png", columns=columns)
    terminal.read_until("rendering")
    process.send_signal(signal.SIGINT)
    terminal.read_all()
    process.wait(timeout=60)
    assert all(len(line) < columns for line in terminal.drawn())


def test_progress_on_the_terminal_while_the_result_goes_into_a_pipe(on_terminal):
    process, terminal = on_terminal("generate", "a kitten", "-o", "k.png", streams=["stderr"])
    terminal.read_all()
    assert process.stdout.read() == b"k.png\n"
    assert process.wait(timeout=60) == 0
    assert terminal.left().strip() == ""


@pytest.mark.parametrize("arguments, variables", [(["--json"], {}), ([], {"TERM": "dumb"})])
def test_no_progress_where_it_is_not_wanted(on_terminal, arguments, variables):
    process, terminal = on_terminal("generate", "a kitten", "-o", "k.png", *arguments, streams=["stderr"], **variables)
    terminal.read_all()
    assert process.wait(timeout=60) == 0
    assert terminal.text == ""


def test_ctrl_c_says_how_to_get_what_goes_on(on_terminal, easel):
    process, terminal = on_terminal("generate", "[[hang]]", "-o", "k.png")
    terminal.read_until("rendering")
    process.send_signal(signal.SIGINT)
    terminal.read_all()
    assert process.wait(timeout=60) == 1
    assert re.search(r"easel: interrupted\n.*easel watch generations/\S+", terminal.left(), re.DOTALL)
    assert b"rendering" in easel("list").stdout


def test_ctrl_c_with_abort_says_that_it_stops(on_terminal):
    process, terminal = on_terminal("generate", "[[hang]]", "-o", "k.png", "--cancel-policy", "abort")
    terminal.read_until("rendering")
    process.send_signal(signal.SIGINT)
    terminal.read_all()
    assert process.wait(timeout=60) == 1
    assert "told to stop" in terminal.left()


def test_an_error_stands_alone_after_the_line(on_terminal):
    process, terminal = on_terminal("generate", "[[fail CONTENT_BLOCKED]]", "-o", "k.png")
    terminal.read_all()
    assert process.wait(timeout=60) == 3
    assert terminal.left().startswith("easel: scripted: CONTENT_BLOCKED (CONTENT_BLOCKED)\n")


def test_bytes_are_not_written_to_a_terminal(on_terminal):
    process, terminal = on_terminal("generate", "a kitten", "-o", "-")
    terminal.read_all()
    assert process.wait(timeout=60) == 2
    assert "standard output is a terminal" in terminal.text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_list_is_a_table_that_fits(on_terminal, easel, columns):
    easel("start", "a very long prompt " * 20)
    process, terminal = on_terminal("list", columns=columns)
    terminal.read_all()
    assert process.wait(timeout=60) == 0
    rows = terminal.left().strip().split("\n")
    assert rows[0].split()[:2] == ["NAME", "STATE"]
    assert len(rows) == 2 and all(len(row) <= columns for row in rows)
    assert rows[1].endswith("..")
