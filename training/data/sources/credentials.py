"""Whether a URL holds what must stay secret: a pin is read by everybody who reads the repository."""

import re
from urllib.parse import parse_qsl, urlsplit

CHAIN = "::"  # between the URLs of an fsspec chain, such as simplecache::https://…
# a name before @ that is no password belongs to these schemes' usual form: abfss://container@account, sftp://user@host
_BARE_USER_IS_SECRET = frozenset({"http", "https", "ftp", "ftps"})
# without -, _ and upper case: AWS, Google Cloud, CloudFront, Azure, GitHub, and what everybody else calls it
_SECRET = re.compile(
    r".*(signature|credential|token|secret|password|passwd|apikey|accesskey|accesskeyid|privatekey|keypairid)"
    r"|sig|sas|pwd|pass|key|auth|authorization|jwt|bearer|googleaccessid|sessionid"
)
WAY = "give a URL without it, and the key by the environment (AWS_ACCESS_KEY_ID and the like) or a file in its place"


def find_credentials(source: str) -> str | None:
    """What of a URL is or may be secret, in words that do not repeat its value; None if nothing is, or for a path."""
    for part in source.split(CHAIN):
        if "://" not in part:
            continue
        try:
            url = urlsplit(part)
        except ValueError:
            continue  # no URL that anything is fetched from
        user, at, _ = url.netloc.rpartition("@")
        if at and ":" in user:
            return "a password before its host"
        if at and url.scheme.lower() in _BARE_USER_IS_SECRET:
            return "a user or token before its host"
        for name, _ in (*parse_qsl(url.query, keep_blank_values=True), *parse_qsl(url.fragment)):
            if _SECRET.fullmatch(re.sub("[-_]", "", name.casefold())):
                return f"{name[:40]!r} in its query, which signs or opens it"
    return None


def hide_credentials(url: str) -> str:
    """The URL, or the chain of them, without user, password, query and fragment."""
    return CHAIN.join(_hide(part) for part in url.split(CHAIN))


def _hide(part: str) -> str:
    scheme, mark, rest = part.partition("://")
    if not mark:
        return part
    host, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
