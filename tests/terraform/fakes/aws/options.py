"""What a test may want of its AWS: an account, a real API server behind each cluster, credentials and quotas."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# the certificate of no authority, where no real API server stands behind
NO_CERTIFICATE = "Y2VydGlmaWNhdGU="
QUOTAS = {
    "vpc": "VpcLimitExceeded",
    "address": "AddressLimitExceeded",
    "nat-gateway": "NatGatewayLimitExceeded",
    "cluster": "ResourceLimitExceededException",
    "node-group": "ResourceLimitExceededException",
}


@dataclass(frozen=True)
class Options:
    """`quotas`: how many of a kind in QUOTAS there may be in a region. `access_key`: the one that is let in, or any."""

    account: str = "123456789012"
    endpoint: str | None = None
    certificate: str = NO_CERTIFICATE
    access_key: str | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
