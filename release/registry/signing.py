"""Signatures and attestations of an image's digest, made and checked by `cosign`: by a key, or as GitHub's runner."""

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import InputError, OutsideError, RefusedError
from release.registry.registry import Registry, is_loopback, pick_words
from release.tools import ToolResult, ask_tool

SIGNING_KEY, VERIFYING_KEY = "LATHE_SIGNING_KEY", "LATHE_VERIFYING_KEY"
RUNNER = "ACTIONS_ID_TOKEN_REQUEST_URL"  # set for a job with `id-token: write`
WORKFLOW = "https://github.com/lathe-ml/lathe/.github/workflows/release.yml"
ISSUER = "https://token.actions.githubusercontent.com"
# of `cosign`'s errors those that judge what it found; any other is its own trouble
JUDGED = re.compile(
    r"no signatures found|no matching signatures|no matching attestations|none of the attestations matched"
    r"|none of the expected identities|invalid signature"
)
SECONDS = 240


@dataclass(frozen=True)
class SignedImage:
    """What is signed: the digest, as the repository is named in Git."""

    registry: Registry
    repository: str
    digest: str

    @property
    def reference(self) -> str:
        """As cosign is to ask for it."""
        return f"{self.registry.locate(self.repository)}@{self.digest}"

    @property
    def options(self) -> tuple[str, ...]:
        return ("--allow-http-registry",) if is_loopback(self.reference.partition("/")[0]) else ()


@dataclass(frozen=True)
class Signer:
    """`key` as cosign takes it, a file or env://NAME; None is the identity of the GitHub job that this runs in."""

    key: str | None

    @property
    def arguments(self) -> tuple[str, ...]:
        # a key's signature needs no public log; without a key the log is what proves the time
        return ("--yes", "--key", self.key, "--tlog-upload=false") if self.key else ("--yes",)

    @property
    def kind(self) -> str:
        return "key" if self.key else "keyless"

    def sign(self, image: SignedImage) -> None:
        """Raises: OutsideError."""
        named = f"--sign-container-identity={image.repository}"
        run_cosign("sign", *self.arguments, named, *image.options, image.reference)

    def attest(self, image: SignedImage, kind: str, predicate: Path) -> None:
        """Attaches a signed statement of that kind in place of a former one.

        Raises: OutsideError.
        """
        given = ("--type", kind, "--predicate", str(predicate), "--replace")
        run_cosign("attest", *self.arguments, *given, *image.options, image.reference)

    def write_public_key(self, folder: Path) -> Path | None:
        """The other half of the key, to check with; None without a key.

        Raises: OutsideError, as for a wrong password.
        """
        if self.key is None:
            return None
        path = folder / "cosign.pub"
        path.write_bytes(run_cosign("public-key", "--key", self.key).stdout)
        return path


@dataclass(frozen=True)
class Verifier:
    """Who must have signed: the holder of `key`, or else our release workflow, run for the tag `version`."""

    key: Path | None
    version: str

    @property
    def arguments(self) -> tuple[str, ...]:
        if self.key:
            return ("--key", str(self.key), "--insecure-ignore-tlog=true")
        identity = f"{WORKFLOW}@refs/tags/{self.version}"
        return ("--certificate-identity", identity, "--certificate-oidc-issuer", ISSUER)

    @property
    def name(self) -> str:
        return f"the key {self.key.name}" if self.key else f"release.yml at {self.version}"

    def check_signature(self, image: SignedImage) -> None:
        """Raises: RefusedError without a signature of that signer, OutsideError if it cannot be known."""
        answer = ask_tool("cosign", "verify", *self.arguments, *image.options, image.reference, seconds=SECONDS)
        if answer.code:
            refuse(answer, f"{image.repository}@{image.digest[:19]} is not signed by {self.name}")

    def read_attestations(self, image: SignedImage, kind: str, predicate_type: str) -> list[Any]:
        """The predicates of one type that this signer attached to the digest, never none.

        Raises: RefusedError, OutsideError.
        """
        given = (*self.arguments, "--type", kind, *image.options, image.reference)
        answer = ask_tool("cosign", "verify-attestation", *given, seconds=SECONDS)
        if answer.code:
            refuse(answer, f"{image.repository}@{image.digest[:19]} has no such attestation by {self.name}")
        statements = [read_statement(line) for line in answer.stdout.splitlines() if line.strip()]
        predicates = [one["predicate"] for one in statements if is_about(one, image.digest, predicate_type)]
        if not predicates:
            raise RefusedError(f"no attestation of {predicate_type} is about {image.digest[:19]}")
        return predicates


def find_signer(environment: Mapping[str, str] = os.environ) -> Signer | None:
    """A key goes before a runner's identity; None without either."""
    if key := environment.get(SIGNING_KEY):
        return Signer(check_key(key))
    return Signer(None) if environment.get(RUNNER) else None


def check_key(key: str) -> str:
    """Raises: InputError that does not repeat a key that stands there by itself."""
    if key.startswith("-----"):
        raise InputError(f"{SIGNING_KEY} holds a key itself, expected a file or env://NAME of the variable that has it")
    if "://" not in key and not Path(key).is_file():
        raise InputError(f"{SIGNING_KEY} is {key!r}, which is not there; expected a file or env://NAME")
    return key


def find_verifier(version: str, environment: Mapping[str, str] = os.environ) -> Verifier:
    """Raises: InputError for a key that is not there."""
    key = environment.get(VERIFYING_KEY)
    if key and not Path(key).is_file():
        raise InputError(f"{VERIFYING_KEY} is {key!r}, which is not there; expected the file of a public key")
    return Verifier(Path(key) if key else None, version)


def run_cosign(*arguments: str) -> ToolResult:
    """Raises: OutsideError."""
    answer = ask_tool("cosign", *arguments, seconds=SECONDS)
    if answer.code:
        raise OutsideError(f"cosign {arguments[0]}: {pick_words(answer)}")
    return answer


def refuse(answer: ToolResult, text: str) -> None:
    """Raises: RefusedError where cosign judged what it found, OutsideError where it could not."""
    if match := JUDGED.search(answer.stderr):
        line = next(line for line in answer.stderr.splitlines() if match[0] in line)
        raise RefusedError(f"{text}: {line.strip().removeprefix('Error: ')}")
    raise OutsideError(f"cosign failed: {pick_words(answer)}")


def read_statement(line: bytes) -> dict[str, Any]:
    """The in-toto statement in what cosign prints of one attestation.

    Raises: OutsideError.
    """
    try:
        statement = json.loads(base64.b64decode(json.loads(line)["payload"]))
        return {"predicate": None, "subject": [], **statement}
    except (ValueError, KeyError, TypeError) as error:
        raise OutsideError(f"cosign printed what is no attestation: {line[:40]!r}") from error


def is_about(statement: dict[str, Any], digest: str, predicate_type: str) -> bool:
    subjects = [one.get("digest", {}).get("sha256") for one in statement["subject"]]
    return statement.get("predicateType") == predicate_type and digest.removeprefix("sha256:") in subjects
