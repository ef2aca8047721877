"""What the rehearsal runs in: a scratch copy of the roots, AWS on loopback, a real API server where there is one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx

from terraform.verbs.program import Terraform, open_terraform
from terraform.verbs.roots.root import Root
from tests.harness.errors import ScenarioError
from tests.harness.verbs import VerbResult
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from tests.repo.sources import ROOT
from tests.terraform.rehearsal.api_server import RealApiServer, find_programs, run_api_server
from tests.terraform.rehearsal.processes import run_beside

REGION, CLUSTER, ENVIRONMENT = "eu-central-1", "lathe-test", "test"
ADMINISTRATORS, STRANGERS = "lathe-admins", "strangers"
VERB_SECONDS = 1800
CODE_CHANGES = 2  # of `terraform plan -detailed-exitcode`


@dataclass
class World:
    """`settings` are the variables of the apply that comes next; `keys` the environment of each identity."""

    folder: Path
    aws: str
    terraform: Terraform
    api: RealApiServer | None
    settings: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "terraform" / "eks"

    def client(self, service: str) -> Any:
        """AWS, past Terraform."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.aws, region_name=REGION, **keys)

    def run(self, *arguments: str, root: Path | None = None, expected: tuple[int, ...] = (0,)) -> str:
        """One command of Terraform; standard output and error.

        Raises: ScenarioError for another exit code.
        """
        folder = root or self.root
        done = self.terraform.run(folder, *arguments, expected=range(-64, 256))
        text = re.sub(r"\x1b\[[0-9;]*m", "", f"{done.stdout}{done.stderr}")
        with (self.folder / "terraform.log").open("a", encoding="utf-8") as log:
            log.write(f"$ terraform {' '.join(arguments)}\n{text}\n")
        if done.returncode not in expected:
            tail = " ".join(text.split())[-400:]
            raise ScenarioError(f"terraform {arguments[0]}: exit code {done.returncode}, expected {expected}: {tail}")
        return text

    @property
    def options(self) -> list[str]:
        """The environment's file, and what this rehearsal sets."""
        own = self.root / "envs" / f"{ENVIRONMENT}.own.tfvars"
        own.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in self.settings.items()), "utf-8")
        return [f"-var-file=envs/{ENVIRONMENT}.tfvars", f"-var-file={own}"]

    def apply(self, **changes: Any) -> str:
        """Terraform's last line of an apply with these variables changed for good."""
        self.settings |= changes
        text = self.run("apply", "-auto-approve", "-input=false", *self.options)
        return next(line for line in reversed(text.splitlines()) if "Apply complete!" in line).strip()

    def plan(self, code: int = 0) -> str:
        """The plan's text; 0 is a clean one, CODE_CHANGES one with changes.

        Raises: ScenarioError for the other.
        """
        return self.run("plan", "-detailed-exitcode", "-input=false", "-lock=true", *self.options, expected=(code,))

    def read_output(self, name: str) -> str:
        return self.run("output", "-raw", name).strip()

    def destroy(self, *options: str) -> VerbResult:
        """`make cloud-destroy`, as a person of the administrators runs it."""
        command = [sys.executable, "-m", "terraform.verbs", "destroy", "--cloud", "eks", "--env", ENVIRONMENT]
        done = subprocess.run(
            [*command, "--root", str(self.root), *options],
            cwd=ROOT,
            env={**self.identity(ADMINISTRATORS), "LATHE_CLOUD_RECORDS": str(self.folder / "records")},
            capture_output=True,
            text=True,
            check=False,
            timeout=VERB_SECONDS,
        )
        return VerbResult(done.returncode, done.stdout, done.stderr)

    def identity(self, role: str) -> dict[str, str]:
        """The environment of a person who has taken this role."""
        return {**os.environ, **set_environment(self.aws), **self.keys.get(role, {}), "COLUMNS": "250"}

    def kubectl(self, role: str, *arguments: str, given: str | None = None) -> VerbResult:
        """By the kubeconfig that the root's output has written."""
        command = ["kubectl", "--kubeconfig", str(self.folder / "kubeconfig"), "--request-timeout=30s", *arguments]
        done = subprocess.run(
            command, env=self.identity(role), input=given, capture_output=True, text=True, check=False, timeout=300
        )
        return VerbResult(done.returncode, done.stdout, done.stderr)

    def open_root(self) -> Root:
        return Root(self.terraform, "eks", ENVIRONMENT, self.root, self.folder / "records")


def set_environment(aws: str) -> dict[str, str]:
    """Nothing of this machine's own account reaches any program."""
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Raises: ScenarioError, CommandError without Terraform."""
    shutil.copytree(ROOT / "terraform", folder / "terraform", ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    aws, webhook = (f"http://127.0.0.1:{take_free_port()}" for _ in range(2))
    environment: Mapping[str, str] = {**os.environ, **set_environment(aws)}
    with ExitStack() as stack:
        api = None
        if programs := find_programs():
            reviews = ["--port", webhook.rpartition(":")[2], "--aws", aws, "--cluster", CLUSTER]
            command = [sys.executable, "-m", "tests.terraform.rehearsal.identities", *reviews]
            stack.enter_context(run_beside(command, folder / "log" / "identities", ROOT, environment))
            api = stack.enter_context(run_api_server(programs, folder / "cluster", webhook))
        server = [sys.executable, "-m", "tests.terraform.rehearsal.aws", "--port", aws.rpartition(":")[2]]
        if api:
            server += ["--endpoint", api.address, "--ca", str(api.authority)]
        stack.enter_context(run_beside(server, folder / "log" / "aws", ROOT, environment))
        wait_until(lambda: is_answering(aws), "AWS on loopback")
        terraform = stack.enter_context(open_terraform(environment))
        yield World(folder, aws, terraform, api)


def is_answering(address: str) -> bool:
    try:
        return httpx.get(f"{address}/moto-api/data.json", timeout=LAST_RESORT_SECONDS).is_success
    except httpx.HTTPError:
        return False
