"""Checks that objects of one scene mean each other: labels, selectors, ports, settings, placeholders."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from app.predictor.settings import ENV_PREFIX, Settings
from release.manifests.render import Object
from tests.gitops.findings import Finding, Pod, list_pods, list_serving, matches, name_object, unless
from tests.gitops.network import Peer, Port, is_allowed
from tests.gitops.scenes import Scene

RECOMMENDED = ("name", "component", "part-of", "managed-by", "instance")
LABEL = "app.kubernetes.io/"
# Argo CD's own objects belong to no instance of the predictor
ARGOCD_LABELS = ("part-of", "managed-by")
PLACEHOLDERS = re.compile(r"\bNAMESPACE\b|example\.com|<[a-z-]+>|TODO|CHANGEME")
OWN_NAMESPACE = ("$(POD_NAMESPACE)",)  # from the pod itself, for other variables
NAMED_NAMESPACE = re.compile(r'namespace="([^"{]+)"')


def find_unlabelled(scene: Scene) -> Iterator[Finding]:
    """Each object and pod has the recommended labels."""
    wanted = RECOMMENDED if scene.recipe.overlay else ARGOCD_LABELS
    labelled = [(name_object(found), found["metadata"].get("labels", {})) for found in scene.objects]
    labelled += [(f"pod of {pod.name}", pod.labels) for pod in list_pods(scene)]
    for name, labels in labelled:
        missing = [label for label in wanted if not labels.get(LABEL + label)]
        yield name, [f"no label {LABEL}{label}" for label in missing]


def find_misdirected(scene: Scene) -> Iterator[Finding]:
    """Each selector means a pod or Service of the scene, each named port is one of what it means, each name exists."""
    pods = list(list_pods(scene))
    for found in scene.pick("Service"):
        meant = [pod for pod in pods if matches({"matchLabels": found["spec"].get("selector", {})}, pod.labels)]
        problems = unless(bool(meant), "its selector means no pod")
        problems += [
            f"port {port['port']} leads to {port['targetPort']}, which {pod.name} does not have"
            for pod in meant
            for port in found["spec"]["ports"]
            if port["targetPort"] not in list_ports(pod)
        ]
        yield name_object(found), problems
    for found in scene.pick("Deployment"):
        labels = found["spec"]["template"]["metadata"]["labels"]
        yield name_object(found), unless(matches(found["spec"]["selector"], labels), "its selector is not its own pods")
    for found in scene.pick("Ingress", "HTTPRoute", "Rollout", "ServiceMonitor"):
        yield name_object(found), [*judge_references(found, scene)]


def list_ports(pod: Pod) -> set[Any]:
    ports = [port for container in pod.containers for port in container.get("ports", [])]
    return {port["name"] for port in ports} | {port["containerPort"] for port in ports}


def judge_references(found: Object, scene: Scene) -> Iterator[str]:
    """Whether the Services, Deployments and templates that it names are there."""
    services = {service["metadata"]["name"]: service["spec"]["ports"] for service in scene.pick("Service")}
    there = {(other["kind"], other["metadata"]["name"]) for other in scene.objects}
    for kind, name, port in list_named(found):
        yield from unless((kind, name) in there, f"it names {kind} {name}, which is not there")
        offered = {entry[key] for entry in services.get(name, []) for key in ("name", "port")}
        yield from unless(port is None or port in offered, f"it names port {port} of {name}")
    if found["kind"] == "ServiceMonitor":
        meant = [
            other for other in scene.pick("Service") if matches(found["spec"]["selector"], other["metadata"]["labels"])
        ]
        names = [other["metadata"]["name"] for other in meant]
        yield from unless(len(meant) == 1, f"it means the Services {names}, expected one, or a pod counts twice")
        managed = [name for kind, name, _ in list_named_by_rollouts(scene) if kind == "Service"]
        yield from (f"it means {name}, of which a Rollout takes pods away" for name in names if name in managed)
        ports = {port["name"] for service in meant for port in service["spec"]["ports"]}
        yield from (f"no port {entry['port']}" for entry in found["spec"]["endpoints"] if entry["port"] not in ports)


def list_named_by_rollouts(scene: Scene) -> list[tuple[str, str, Any]]:
    return [named for found in scene.pick("Rollout") for named in list_named(found)]


def list_named(value: Any) -> Iterator[tuple[str, str, Any]]:
    """Kind, name and port of each object that is named below the value."""
    if isinstance(value, list):
        for inner in value:
            yield from list_named(inner)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("stableService", "canaryService", "activeService", "previewService"):
            yield "Service", inner, None
        elif key == "templateName":
            yield "AnalysisTemplate", inner, None
        elif key == "workloadRef":
            yield inner["kind"], inner["name"], None
        elif key == "backendRefs":
            yield from (("Service", entry["name"], entry.get("port")) for entry in inner)
        elif key == "service" and isinstance(inner, dict):
            yield "Service", inner["name"], next(iter(inner["port"].values()))
        else:
            yield from list_named(inner)


def find_bad_settings(scene: Scene) -> Iterator[Finding]:
    """Each variable that a pod gets is a setting of the predictor, and all of them together are a start."""
    for pod in list_serving(scene):
        for name in list_variables(pod, scene):
            field = name.removeprefix(ENV_PREFIX).lower()
            known = (name.startswith(ENV_PREFIX) and field in Settings.model_fields) or f"$({name})" in OWN_NAMESPACE
            yield f"{pod.name} {name}", unless(known, "no setting of the predictor")
        try:
            settings = read_settings_of(pod, scene)
        except ValueError as error:
            yield pod.name, [f"the predictor would not start: {' '.join(str(error).split())}"]
            continue
        ports = {port["containerPort"] for container in pod.containers for port in container.get("ports", [])}
        listens = {settings.port, settings.metrics_port} - {None}
        yield (
            pod.name,
            [
                *unless(listens == ports, f"it listens on {listens}, its ports are {ports}"),
                *unless(settings.host == "0.0.0.0", f"it listens on {settings.host} only"),  # noqa: S104 - what a pod must listen on
                *judge_volumes(pod, settings),
                *judge_way_out(pod, settings, scene),
            ],
        )


def judge_volumes(pod: Pod, settings: Settings) -> Iterator[str]:
    """What a setting names lies on a mounted volume; what uploads write fits on the scratch volume."""
    found = [mount for container in pod.containers for mount in container.get("volumeMounts", [])]
    mounts = [mount["mountPath"] for mount in found]
    log = settings.prediction_log_folder
    folders = (settings.api_keys_file, settings.receipt_key_file, settings.feedback_folder, log)
    named = [path for path in folders if path]
    yield from (f"{path} is on no volume" for path in named if not any(path.is_relative_to(mount) for mount in mounts))
    closed = [mount["mountPath"] for mount in found if mount.get("readOnly")]
    yield from unless(str(settings.feedback_folder) not in closed, "the folder of used receipts cannot be written")
    yield from unless(str(log) not in closed, "the folder of the prediction log cannot be written")
    yield from unless(
        settings.feedback_folder is None or settings.receipt_key_file is not None,
        "replicas share the used receipts, and no key that signs them",
    )
    yield from unless("/tmp" in mounts, "nothing is mounted on /tmp, where answers to uploads wait")  # noqa: S108 - the pod's own


def judge_way_out(pod: Pod, settings: Settings, scene: Scene) -> Iterator[str]:
    """The Prometheus that the page asks is one that the pod may reach."""
    if settings.prometheus_url is None:
        return
    address = urlsplit(settings.prometheus_url)
    namespace = (address.hostname or "").split(".")[1:2]
    labels = {"kubernetes.io/metadata.name": "".join(namespace)}
    peer = Peer("Prometheus", labels, {"app.kubernetes.io/name": "prometheus"})
    port = Port("TCP", address.port or (443 if address.scheme == "https" else 80))
    is_open = is_allowed(scene.pick("NetworkPolicy"), pod, "Egress", peer, port)
    yield from unless(is_open, f"no NetworkPolicy lets it out to {settings.prometheus_url}")


def list_variables(pod: Pod, scene: Scene) -> dict[str, str | None]:
    """What the first container's environment will be; None where only the cluster knows."""
    maps = {found["metadata"]["name"]: found.get("data", {}) for found in scene.pick("ConfigMap")}
    variables: dict[str, str | None] = {}
    container = pod.spec["containers"][0]
    for source in container.get("envFrom", []):
        variables |= maps[source["configMapRef"]["name"]]
    return variables | {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def read_settings_of(pod: Pod, scene: Scene) -> Settings:
    """The pod's settings, as the predictor itself would read them.

    Raises: ValueError.
    """
    given = {
        name.removeprefix(ENV_PREFIX).lower(): value for name, value in list_variables(pod, scene).items() if value
    }
    return Settings(**{name: value for name, value in given.items() if name in Settings.model_fields})  # type: ignore[arg-type]


def find_placeholders(scene: Scene) -> Iterator[Finding]:
    """Each object: nothing in it waits to be replaced, and no query asks for another environment's pods."""
    for found in scene.objects:
        namespace = found["metadata"].get("namespace")
        problems = []
        for text in list_texts(found) if scene.recipe.overlay else ():
            problems += [f"{match!r} was to be replaced" for match in PLACEHOLDERS.findall(text)]
            problems += [
                f"it asks for {other}, but stands in {namespace}"
                for other in NAMED_NAMESPACE.findall(text)
                if other != namespace and "{{" not in other and other not in OWN_NAMESPACE
            ]
        yield name_object(found), problems


def list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from list_texts(inner)
    elif isinstance(value, str):
        yield value
