"""The files of a prediction log, in a folder or a bucket, line by line from the newest."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.monitor.reports.addresses import reach_files
from cli.errors import InputError
from contract.prediction_log import SUFFIX, LoggedLine

CHUNK_BYTES = 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024
LONGEST_FILE_SECONDS = 2 * 3600.0  # the predictor ends a file after one hour
START = re.compile(r"predictions-(\d{8}T\d{6}Z)-")

_decode = msgspec.json.Decoder(LoggedLine).decode


@dataclass
class LogReader:
    """The log at `url`: a folder, or what fsspec opens, such as s3://bucket/log or gs://bucket/log.

    `unreadable` counts lines that are no line of a log, such as the last one of a predictor that was killed.
    """

    url: str
    unreadable: int = field(default=0, init=False)

    def read(self, begin: float, marker: bytes) -> Iterator[LoggedLine]:
        """Lines that hold `marker`, of files that may have some since `begin`, Unix seconds; older ones are among them.

        Raises: InputError, OutsideError.
        """
        with reach_files(self.url) as (files, root):
            if not files.exists(root):
                raise InputError(f"{self.url} is not there, expected the folder of a prediction log")
            names = sorted((name for name in files.find(root) if name.endswith(SUFFIX)), key=_base_name, reverse=True)
            for name in names:
                if _may_hold(name, begin):
                    yield from self._read_file(files, name, marker)

    def _read_file(self, files: Any, name: str, marker: bytes) -> Iterator[LoggedLine]:
        try:
            stream = files.open(name, "rb", block_size=CHUNK_BYTES)
        except FileNotFoundError:  # the predictor has removed it meanwhile
            return
        with stream:
            for line in self._cut_lines(stream):
                if marker in line:
                    try:
                        yield _decode(line)
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                        self.unreadable += 1

    def _cut_lines(self, stream: Any) -> Iterator[bytes]:
        """Whole lines; the end of one that is too long, and a last one that has no end, are counted and left."""
        held = b""
        while chunk := stream.read(CHUNK_BYTES):
            *lines, held = (held + chunk).split(b"\n")
            yield from filter(None, lines)
            if len(held) > MAX_LINE_BYTES:
                held = b""  # what follows up to its end is no JSON
                self.unreadable += 1
        self.unreadable += bool(held)


def _base_name(name: str) -> str:
    return name.rpartition("/")[2]


def _may_hold(name: str, begin: float) -> bool:
    """Whether a file may have a line since `begin`; one that is named otherwise may."""
    found = START.match(_base_name(name))
    if found is None:
        return True
    started = datetime.strptime(found.group(1), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    return started + LONGEST_FILE_SECONDS >= begin
