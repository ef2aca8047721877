"""The parser's own program for many files: one process with the libraries loaded, which forks for each file.

Run as a program it reads files from standard input, each behind its length, and answers each with the code, the
output and the errors of a fork that ran `main` of training/data/sources/parquet_child.py as the real program would.
"""

import os
import runpy
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SIZES = struct.Struct("<iQQ")
LENGTH = struct.Struct("<Q")


class Forks:
    """Stands in for `subprocess.run` of that program."""

    def __init__(self, child: Path) -> None:
        command = [sys.executable, "-I", str(Path(__file__)), str(child)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, command: list[str], content: bytes, seconds: float) -> "subprocess.CompletedProcess[bytes]":
        """The command's last three arguments are its limits."""
        assert seconds > 0
        given, told = self._process.stdin, self._process.stdout
        assert given is not None
        assert told is not None
        for part in (*(argument.encode() for argument in command[-3:]), content):
            given.write(LENGTH.pack(len(part)) + part)
        given.flush()
        code, output, errors = SIZES.unpack(told.read(SIZES.size))
        return subprocess.CompletedProcess(command, code, told.read(output), told.read(errors))

    def end(self) -> None:
        self._process.communicate()


def take(source: Any) -> bytes:
    head = source.read(LENGTH.size)
    return b"" if not head else bytes(source.read(LENGTH.unpack(head)[0]))


def run_fork(program: dict[str, Any], arguments: list[str], content: bytes) -> tuple[int, bytes, bytes]:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(content)
        given.seek(0)
        if (fork := os.fork()) == 0:
            for file, number in ((given, 0), (output, 1), (errors, 2)):
                os.dup2(file.fileno(), number)
            sys.argv[1:] = arguments
            code = program["main"]()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
        for file in (output, errors):
            file.seek(0)
        return code, output.read(), errors.read()


def main() -> None:
    import pyarrow.parquet  # noqa: PLC0415, F401 - loaded once, for every fork

    program = runpy.run_path(sys.argv[1])
    source = os.fdopen(os.dup(0), "rb")
    while first := take(source):
        arguments = [first.decode(), take(source).decode(), take(source).decode()]
        code, output, errors = run_fork(program, arguments, take(source))
        sys.stdout.buffer.write(SIZES.pack(code, len(output), len(errors)) + output + errors)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
