"""What an address of a folder or a bucket leads to, by fsspec; what goes wrong there is said in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fsspec

from cli.errors import InputError, OutsideError

CLIENTS = ("aiobotocore", "aiohttp", "botocore", "gcsfs", "google")


@contextmanager
def reach_files(url: str) -> Iterator[tuple[Any, str]]:
    """The file system that `url` names, and the path there; for as long as the block lasts.

    Raises: InputError if the address is not usable, OutsideError if what it names does not answer.
    """
    try:
        yield fsspec.core.url_to_fs(url)
    except (InputError, OutsideError):
        raise
    except (ImportError, ValueError) as error:  # a protocol that nobody knows, or whose package is not there
        raise InputError(f"{url} cannot be opened: {' '.join(str(error).split())}") from error
    except OSError as error:
        raise OutsideError(f"{url} cannot be read or written: {error.strerror or error}") from error
    except Exception as error:
        if not is_of_cloud(error):
            raise
        raise OutsideError(f"{url} cannot be read or written: {' '.join(str(error).split())}") from error


def is_of_cloud(error: Exception) -> bool:
    """Whether a cloud's client raised it, as without credentials or without an answer: it need not be an OSError."""
    return type(error).__module__.partition(".")[0] in CLIENTS
