"""Somebody's program as a child process: no shell, no hanging, and its last words when it fails.

The child ends with this process, even where that is killed, so that no tracker is left behind.
"""

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from tirdata.errors import ConfigError, MissingError, TrackerError

TAIL_BYTES = 2000  # how much of what it said is kept
NAME_LENGTH = 80  # of a command line in messages
LEAVE_S = 2.0  # how long it may take to end by itself
MOMENT_S = 0.3  # the same, where it is ended anyway
_CHUNK = 1 << 16

# A small Python that asks Linux to end it with its parent (prctl PR_SET_PDEATHSIG, SIGKILL), and
# becomes the program. A preexec_fn would do the same between fork and exec, beside our threads.
_LEASH = """
import ctypes, os, sys
try:
    ctypes.CDLL(None).prctl(1, 9)
except (OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


def split_command(command: str) -> list[str]:
    """The words of a command line, as a shell would split them; nothing else of a shell works.

    Raises:
        ConfigError: there is none, or a quotation mark is not closed.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"command {command!r}: {error}; expected words as in a shell") from None
    if not words:
        raise ConfigError("command: empty; expected a program and what to give it")
    return words


def files_of(words: Sequence[str], folder: Path) -> list[Path]:
    """Those of the words that are files: scripts and weights, but not the interpreter."""
    paths = [folder / word for word in words]
    interpreter = "/" not in words[0] or Path(words[0]).is_absolute()
    return [path for path in paths[1 if interpreter else 0 :] if path.is_file()]


class Program:
    """A running child."""

    def __init__(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """Start it in ``folder`` with our environment and what ``environment`` adds.

        Raises:
            MissingError: there is no such program or no such folder.
        """
        self.name = shlex.join(words)[:NAME_LENGTH]
        if not folder.is_dir():
            raise MissingError(f"{folder}: no such folder; expected one to run {words[0]} in")
        found = shutil.which(words[0]) or shutil.which(str(folder.absolute() / words[0]))
        if found is None:
            raise MissingError(f"{words[0]}: no such program; expected one in PATH or a path")
        leash = [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603 - what the user said, and no shell
            [*leash, str(Path(found).absolute()), *words[1:]],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that its own children can be ended with it
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._input, self._output, errors = (pipe for pipe in pipes if pipe is not None)
        self._open: list[IO[bytes]] = [self._output, errors]
        for file in (self._input, *self._open):
            os.set_blocking(file.fileno(), False)
        self._unsent = b""
        self._unread = b""
        self._said = b""
        self._end = weakref.finalize(self, _end, self._process)

    def close(self) -> None:
        """End it, by force if it does not end by itself."""
        self._open.clear()
        self._unsent = b""
        self._end()

    def send(self, data: bytes) -> None:
        """To its standard input, as ``lines`` finds it ready for more."""
        self._unsent += data

    def lines(self, timeout_s: float) -> Iterator[str]:
        """Lines of its standard output until it closes that.

        Raises:
            TrackerError: it did not get to its next step in ``timeout_s``.
        """
        until = time.monotonic() + timeout_s
        while True:
            line, newline, rest = self._unread.partition(b"\n")
            if newline:
                self._unread = rest
                yield line.decode("utf-8", "replace").rstrip("\r")
            elif self._output not in self._open:
                return
            elif not self._move(until - time.monotonic()):
                words = self.last_words()
                self.close()
                raise TrackerError(f"{self.name}: no answer in {timeout_s:g} s{words}")

    def wait(self, timeout_s: float) -> int:
        """Its exit status, negative where a signal ended it.

        Raises:
            TrackerError: it did not end in ``timeout_s``.
        """
        until = time.monotonic() + timeout_s
        self._close_input()
        while self._process.poll() is None:
            if not self._move(min(until - time.monotonic(), 0.05)) and not self._open:
                time.sleep(0.01)  # it has closed its output and works on
            self._said, self._unread = (self._said + self._unread)[-TAIL_BYTES:], b""
            if time.monotonic() > until:
                words = self.last_words()
                self.close()
                raise TrackerError(f"{self.name}: not done in {timeout_s:g} s{words}")
        return self._process.returncode

    def finish(self, timeout_s: float) -> None:
        """Give it what is left to send, then no more, and see it off."""
        until = time.monotonic() + timeout_s
        while self._unsent and self._move(until - time.monotonic()):
            pass
        self._close_input()
        while self._open and self._move(until - time.monotonic()):
            self._unread = b""
        self.close()

    def epitaph(self) -> str:
        """How it ended, and its last words; it has closed its output."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LEAVE_S)
        code, words = self._process.poll(), self.last_words()
        self.close()
        if code is None:
            how = "closed its output and did not end"
        elif code < 0:
            how = f"was ended by signal {-code} ({signal.strsignal(-code)})"
        else:
            how = f"ended with status {code}"
        return f"{self.name}: {how}{words}"

    def last_words(self) -> str:
        """The last lines that it said, on one line; empty where it said nothing."""
        while self._open and self._move(0.0):
            pass
        lines = [line.strip() for line in self._said.decode("utf-8", "replace").splitlines()]
        kept = [line for line in lines if line][-4:]
        return f"; its last words: {' | '.join(kept)}" if kept else ""

    def _move(self, wait_s: float) -> bool:
        """Write and read what is possible; whether anything was within ``wait_s``."""
        with selectors.DefaultSelector() as selector:
            for file in self._open:
                selector.register(file, selectors.EVENT_READ)
            if self._unsent and not self._input.closed:
                selector.register(self._input, selectors.EVENT_WRITE)
            if not selector.get_map():
                return False
            ready = selector.select(max(wait_s, 0.0))
        for key, _ in ready:
            if key.fileobj is self._input:
                self._write()
            else:
                self._read(key.fd)
        return bool(ready)

    def _write(self) -> None:
        try:
            count = os.write(self._input.fileno(), self._unsent[:_CHUNK])
        except BrokenPipeError:  # it is gone; that its output has ended says so
            self._unsent = b""
        else:
            self._unsent = self._unsent[count:]

    def _read(self, number: int) -> None:
        data = os.read(number, _CHUNK)
        file = next(file for file in self._open if file.fileno() == number)
        if not data:
            self._open.remove(file)
        if file is self._output:
            self._unread += data
        else:
            self._said = (self._said + data)[-TAIL_BYTES:]

    def keep(self, line: str) -> None:
        """Count a line of its output among its last words."""
        self._said = (self._said + line.encode() + b"\n")[-TAIL_BYTES:]

    def _close_input(self) -> None:
        with suppress(BrokenPipeError):
            self._input.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, give it a moment, then end it and its children by force."""
    with suppress(BrokenPipeError):
        if process.stdin:
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(MOMENT_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(LEAVE_S)
    for file in (process.stdout, process.stderr):
        if file:
            file.close()
