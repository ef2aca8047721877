"""Which bundle a running predictor serves, as its /readyz says."""

import httpx

from cli.errors import OutsideError, RefusedError

TIMEOUT_SECONDS = 10
SHOWN_DIGITS = 12


def check_readiness(url: str, bundle_digest: str) -> str:
    """Raises: RefusedError if it serves another bundle, OutsideError if it does not answer as ready."""
    address = f"{url.rstrip('/')}/readyz"
    try:
        answer = httpx.get(address, timeout=TIMEOUT_SECONDS, follow_redirects=True)
        served = answer.json().get("digest") if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise OutsideError(f"{address} gives no answer that can be read: {error}") from error
    if served is None:
        raise OutsideError(f"{address} answered {answer.status_code} without a digest: it is not ready")
    expected = bundle_digest[:SHOWN_DIGITS]
    if served != bundle_digest:
        raise RefusedError(f"{address} serves bundle {str(served)[:SHOWN_DIGITS]}, expected {expected}")
    return f"{address} serves {expected}"
