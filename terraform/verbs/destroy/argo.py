"""Argo CD is stopped first: what is deleted would otherwise be brought back from Git within seconds."""

from cli.errors import OutsideError
from terraform.verbs.destroy.api_server import ApiServer, Thing

APPLICATIONS = "applications.argoproj.io"
SETS = "applicationsets.argoproj.io"
NAMESPACE = "argocd"
CONTROLLERS = (("statefulset", "argocd-application-controller"), ("deployment", "argocd-applicationset-controller"))
# without it a deletion waits for a controller that deletes all that the application has made
WITHOUT_FINALIZERS = {"metadata": {"finalizers": None}}
WITHOUT_SYNC = {"spec": {"syncPolicy": {"automated": None}}}


def stop_argo_cd(cluster: ApiServer) -> str:
    """Removes every application and what generates them, and leaves what they made; a line of what was done.

    Raises: OutsideError where they come back.
    """
    if APPLICATIONS not in cluster.kinds:
        return "the cluster has no Argo CD"
    stopped = [name for kind, name in CONTROLLERS if cluster.scale_to_zero(kind, NAMESPACE, name)]
    applications, sets = cluster.list(APPLICATIONS), cluster.list(SETS)
    # from the top: the application that holds the others, what generates them, then they themselves
    roots = [one for one in applications if not one.is_owned]
    for one in roots:
        cluster.patch(one, WITHOUT_SYNC)
    _remove(cluster, roots)
    _remove(cluster, sets)
    _remove(cluster, [one for one in applications if one.is_owned])
    _remove(cluster, cluster.list(APPLICATIONS))  # what a generator made meanwhile
    if left := [*cluster.list(SETS), *cluster.list(APPLICATIONS)]:
        raise OutsideError(
            f"{', '.join(one.label for one in left)}: there again after its deletion; something outside this cluster "
            "makes it, stop that (another Argo CD, a pipeline) and run the same command again"
        )
    controllers = f", {' and '.join(stopped)} stopped" if stopped else ""
    return f"{len(applications)} applications and {len(sets)} sets removed{controllers}"


def _remove(cluster: ApiServer, things: list[Thing]) -> None:
    for one in things:
        if one.finalizers:
            cluster.patch(one, WITHOUT_FINALIZERS)
    cluster.delete(things, "--cascade=orphan")
