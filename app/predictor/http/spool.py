"""Where an upload's answer waits until the client has sent everything: memory first, then a temporary file.

Most clients read nothing before they have sent all; an answer sent earlier would block both sides for good.
"""

import contextlib
import errno
import tempfile

from app.predictor.http.errors import ApiError

MEMORY_BYTES = 1024 * 1024
NO_ROOM = "the answer does not fit on this server's disk, send fewer rows at once"


class SpoolError(ApiError):
    """No room is left on this machine; fewer rows at once need less."""

    status = 507
    code = "spool_full"


class Spool:
    """Bytes in, the same bytes out once; the file has no name and goes with the process."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed by the endpoint
        self.size = self.left = 0

    def write(self, content: bytes) -> None:
        """Raises: SpoolError."""
        if self.size + len(content) > self._max_bytes:  # refused rows answer with many times their own size
            raise SpoolError(f"the answer is larger than the {self._max_bytes} bytes allowed, send fewer rows at once")
        try:
            self._file.write(content)
        except OSError as error:  # full, read-only, or there is no folder for temporary files
            raise SpoolError(NO_ROOM) from error
        self.size += len(content)
        self.left = self.size

    def rewind(self) -> None:
        """Raises: SpoolError; what the last writes left in memory goes to the disk only now."""
        try:
            self._file.seek(0)
        except OSError as error:
            raise SpoolError(NO_ROOM) from error

    def read(self, size: int) -> bytes:
        """Raises: OSError if the disk fails, or gives back less than it took."""
        content = self._file.read(size)
        self.left -= len(content)
        if not content and self.left:
            raise OSError(errno.EIO, f"{self.left} bytes of the answer are gone from the disk")
        return content

    def close(self) -> None:
        with contextlib.suppress(OSError):  # of what did not fit, which is reported already
            self._file.close()
