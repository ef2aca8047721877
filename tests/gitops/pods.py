"""Checks of pods: the Pod Security Standard "restricted" (K1), no way to the API server (K8), bounded resources."""

from collections.abc import Iterator
from typing import Any

from tests.gitops.findings import Finding, Pod, list_pods, name_object, unless
from tests.gitops.scenes import Scene

# kubernetes.io/docs/concepts/security/pod-security-standards, restricted, v1.35
VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip # a table
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
SECCOMP = ("RuntimeDefault", "Localhost")
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
RESOURCES = ("cpu", "memory", "ephemeral-storage")
RBAC = ("Role", "ClusterRole")


def find_unrestricted(scene: Scene) -> Iterator[Finding]:
    """Each pod and container against the standard."""
    for pod in list_pods(scene):
        yield pod.name, [*judge_pod(pod)]
        for container in pod.containers:
            yield f"{pod.name} container {container['name']}", [*judge_container(pod, container)]


def judge_pod(pod: Pod) -> Iterator[str]:
    context = pod.spec.get("securityContext", {})
    yield from (f"{name} is true" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(name))
    yield from (
        f"volume {volume['name']} is of a kind that is not allowed"
        for volume in pod.spec.get("volumes", [])
        if not set(volume) - {"name"} <= VOLUMES
    )
    yield from (f"sysctl {entry['name']}" for entry in context.get("sysctls", []) if entry["name"] not in SYSCTLS)
    yield from judge_context(context)


def judge_container(pod: Pod, container: dict[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    shared = pod.spec.get("securityContext", {})
    capabilities = own.get("capabilities", {})
    yield from unless(own.get("allowPrivilegeEscalation") is False, "allowPrivilegeEscalation is not false")
    yield from unless("ALL" in capabilities.get("drop", []), "not every capability is dropped")
    yield from unless(set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"}, "a capability is added")
    yield from unless(not own.get("privileged"), "it is privileged")
    yield from unless(own.get("procMount", "Default") == "Default", "procMount is not Default")
    yield from unless(own.get("runAsNonRoot", shared.get("runAsNonRoot")) is True, "runAsNonRoot is not true")
    profile = own.get("seccompProfile", shared.get("seccompProfile", {}))
    yield from unless(profile.get("type") in SECCOMP, "no seccomp profile")
    yield from (f"hostPort {port['hostPort']}" for port in container.get("ports", []) if port.get("hostPort"))
    hooks = [container.get(f"{name}Probe", {}) for name in ("startup", "readiness", "liveness")]
    hooks += container.get("lifecycle", {}).values()
    yield from (
        f"a probe or hook names the host {hook[kind]['host']}"
        for hook in hooks
        for kind in ("httpGet", "tcpSocket")
        if hook.get(kind, {}).get("host")
    )
    yield from judge_context(own)


def judge_context(context: dict[str, Any]) -> Iterator[str]:
    """What a pod's and a container's securityContext have in common."""
    yield from unless(context.get("runAsUser") != 0, "runAsUser is 0")
    yield from unless(not context.get("windowsOptions", {}).get("hostProcess"), "hostProcess is true")
    selinux = context.get("seLinuxOptions", {})
    yield from unless(selinux.get("type", "") in SELINUX_TYPES, "an SELinux type of its own")
    yield from unless(not selinux.keys() & {"user", "role"}, "an SELinux user or role")
    apparmor = context.get("appArmorProfile", {"type": "RuntimeDefault"})
    yield from unless(apparmor.get("type") in SECCOMP, "AppArmor is off")


def find_unenforced(scene: Scene) -> Iterator[Finding]:
    """Each namespace that the scene makes: its pods are held to the standard by the API server too."""
    for found in scene.pick("Namespace"):
        label = found["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
        yield name_object(found), unless(label == "restricted", f"enforces {label!r}, expected 'restricted'")


def find_tokens(scene: Scene) -> Iterator[Finding]:
    """Each pod, service account and role: no token, no wildcard, no path of the node."""
    for pod in list_pods(scene):
        paths = [volume["name"] for volume in pod.spec.get("volumes", []) if "hostPath" in volume]
        tokens = [
            volume["name"]
            for volume in pod.spec.get("volumes", [])
            if any("serviceAccountToken" in source for source in volume.get("projected", {}).get("sources", []))
        ]
        mounted = pod.spec.get("automountServiceAccountToken") is not False
        named = pod.spec.get("serviceAccountName", "default") != "default"
        yield (
            pod.name,
            [
                *unless(not mounted, "its service account's token is mounted"),
                *unless(named, "it runs as the namespace's default service account"),
                *(f"volume {name} is a path of the node" for name in paths),
                *(f"volume {name} is a token" for name in tokens),
            ],
        )
    for found in scene.pick("ServiceAccount"):
        yield name_object(found), unless(found.get("automountServiceAccountToken") is False, "its token is mounted")
    for found in scene.pick(*RBAC):
        wild = [rule for rule in found.get("rules", []) if any("*" in value for value in rule.values())]
        yield name_object(found), [f"a rule allows everything: {rule}" for rule in wild]


def find_unbounded(scene: Scene) -> Iterator[Finding]:
    """Each container: requests and limits of every resource, a root it cannot write, each emptyDir with a bound."""
    for pod in list_pods(scene):
        loose = [
            volume["name"] for volume in pod.spec.get("volumes", []) if volume.get("emptyDir", {"sizeLimit": 1}) == {}
        ]
        yield pod.name, [f"emptyDir {name} has no sizeLimit" for name in loose]
        for container in pod.containers:
            resources = container.get("resources", {})
            missing = [
                f"no {kind} of {name}"
                for kind in ("requests", "limits")
                for name in RESOURCES
                if name not in resources.get(kind, {})
            ]
            writable = container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True
            yield f"{pod.name} container {container['name']}", missing + unless(not writable, "its root can be written")
