"""GitHub for a release: review's one client, with its errors as this program's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from release.errors import InputError, OutsideError, RefusedError, ReleaseError
from review import errors as review_errors
from review.github import GitHub
from review.settings import read_settings

KINDS: dict[type[review_errors.ReviewError], type[ReleaseError]] = {
    review_errors.RefusedError: RefusedError,
    review_errors.OutsideError: OutsideError,
}


@contextmanager
def open_github() -> Iterator[GitHub]:
    """A client for GITHUB_REPOSITORY with GITHUB_TOKEN.

    Raises: InputError, RefusedError, OutsideError, also for what goes wrong inside of the block.
    """
    with translate_errors():
        github = GitHub(read_settings())
        try:
            yield github
        finally:
            github.close()


@contextmanager
def translate_errors() -> Iterator[None]:
    """Whatever review raises ends this program with the same words and the same exit code."""
    try:
        yield
    except review_errors.ReviewError as error:
        raise KINDS.get(type(error), InputError)(str(error)) from error
