"""A real etcd, kube-apiserver and controller manager on loopback, which ask our webhook who a token is of.

No node runs there, so nothing starts; objects, admission, access and deletion are Kubernetes' own.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.programs import run_program
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from tests.terraform.rehearsal.processes import run_beside

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
HOME = "LATHE_CLUSTER_HOME"


@dataclass(frozen=True)
class RealApiServer:
    """`administrator` is a kubeconfig by certificate, which no access entry decides of."""

    address: str
    authority: Path
    administrator: Path


def find_programs() -> Path | None:
    """The folder with all of them: a test cluster's (LATHE_CLUSTER_HOME) or one on the path; None without."""
    home = Path(os.environ.get(HOME) or Path.home() / ".cache" / "lathe-cluster")
    found = shutil.which(PROGRAMS[1])
    folders = [home / "bin", *([Path(found).parent] if found else [])]
    for folder in folders:
        if all((folder / name).exists() for name in PROGRAMS):
            return folder
    return None


def make_certificates(folder: Path) -> None:
    """An authority, and what it signs for the server and for an administrator."""
    folder.mkdir(parents=True)
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    authority = ["-x509", "-days", "2", "-subj", "/CN=rehearsal", "-keyout", "ca.key", "-out", "ca.crt"]
    run_program([*new, *authority], folder=folder)
    names = {
        "server": ("/CN=kube-apiserver", "subjectAltName=IP:127.0.0.1"),
        "admin": ("/O=system:masters/CN=admin", ""),
    }
    for name, (subject, extension) in names.items():
        (folder / "extensions").write_text(f"extendedKeyUsage=serverAuth,clientAuth\n{extension}\n", encoding="utf-8")
        run_program([*new, "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr"], folder=folder)
        sign = ["openssl", "x509", "-req", "-days", "2", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
        run_program([*sign, "-extfile", "extensions", "-in", f"{name}.csr", "-out", f"{name}.crt"], folder=folder)
    run_program(["openssl", "genrsa", "-out", "accounts.key", "2048"], folder=folder)


def write_kubeconfig(path: Path, server: str, user: dict[str, str], authority: Path | None = None) -> Path:
    cluster = {"server": server, **({"certificate-authority": str(authority)} if authority else {})}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "one", "cluster": cluster}],
        "users": [{"name": "one", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@contextmanager
def run_api_server(programs: Path, folder: Path, webhook: str) -> Iterator[RealApiServer]:
    """Raises: OutsideError without openssl, AssertionError if the server does not become ready."""
    keys, port, etcd = folder / "keys", take_free_port(), f"http://127.0.0.1:{take_free_port()}"
    make_certificates(keys)
    address = f"https://127.0.0.1:{port}"
    user = {"client-certificate": str(keys / "admin.crt"), "client-key": str(keys / "admin.key")}
    administrator = write_kubeconfig(folder / "administrator", address, user, keys / "ca.crt")
    reviewer = write_kubeconfig(folder / "webhook", webhook, {})
    peer = f"http://127.0.0.1:{take_free_port()}"
    store = ["--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--listen-client-urls", etcd]
    peers = ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"]
    server = [
        *("--etcd-servers", etcd, "--secure-port", str(port), "--bind-address", "127.0.0.1"),
        *("--advertise-address", "127.0.0.1", "--service-cluster-ip-range", "203.0.113.0/24"),
        *("--authorization-mode", "Node,RBAC", "--client-ca-file", str(keys / "ca.crt")),
        *("--tls-cert-file", str(keys / "server.crt"), "--tls-private-key-file", str(keys / "server.key")),
        *("--service-account-issuer", "https://kubernetes.default.svc"),
        *("--service-account-key-file", str(keys / "accounts.key")),
        *("--service-account-signing-key-file", str(keys / "accounts.key")),
        *("--authentication-token-webhook-config-file", str(reviewer)),
        *("--authentication-token-webhook-cache-ttl", "2s"),
    ]
    manager = ["--kubeconfig", str(administrator), "--leader-elect=false", "--secure-port", "0"]
    with ExitStack() as stack:
        run: list[str | Path] = [programs / PROGRAMS[0], *store, "--advertise-client-urls", etcd, *peers]
        stack.enter_context(run_beside(run, folder / "log" / "etcd", folder))
        stack.enter_context(run_beside([programs / PROGRAMS[1], *server], folder / "log" / "apiserver", folder))
        wait_until(lambda: is_ready(administrator), "kube-apiserver")
        stack.enter_context(run_beside([programs / PROGRAMS[2], *manager], folder / "log" / "manager", folder))
        yield RealApiServer(address, keys / "ca.crt", administrator)


def is_ready(kubeconfig: Path) -> bool:
    command = ["kubectl", "--kubeconfig", str(kubeconfig), "get", "--raw", "/readyz", "--request-timeout=5s"]
    return subprocess.run(command, capture_output=True, check=False, timeout=LAST_RESORT_SECONDS).returncode == 0
