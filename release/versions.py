"""What a version of a release is: vMAJOR.MINOR.PATCH and nothing behind it; compared as semantic versions."""

from semver import Version

from release.errors import InputError


def parse_version(text: str) -> Version:
    """The version behind a tag such as v1.2.3.

    Raises: InputError.
    """
    number = text.removeprefix("v")
    if (
        text == number
        or not Version.is_valid(number)
        or (version := Version.parse(number)).to_tuple()[3:] != (None, None)
    ):
        raise InputError(f"version {text!r} is not usable, expected vMAJOR.MINOR.PATCH such as v1.2.3")
    return version


def is_version(text: str) -> bool:
    try:
        parse_version(text)
    except InputError:
        return False
    return True


def is_lower(version: str, other: str) -> bool:
    """By precedence; a pre-release that somebody wrote by hand compares, too.

    Raises: ValueError for what is no version at all; an overlay that was read holds none.
    """
    return Version.parse(version.removeprefix("v")) < Version.parse(other.removeprefix("v"))
