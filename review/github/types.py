"""GitHub's answers, as far as they are read; names and nulls are those of its REST documentation."""

from datetime import datetime

import msgspec


class User(msgspec.Struct):
    login: str


class Repository(msgspec.Struct):
    id: int
    full_name: str
    default_branch: str = "main"


class Head(msgspec.Struct):
    """`repo` is null once a fork has been deleted."""

    sha: str
    ref: str
    repo: Repository | None = None


class GitHubLabel(msgspec.Struct):
    name: str


class Pull(msgspec.Struct):
    number: int
    state: str
    user: User
    head: Head
    base: Head
    html_url: str
    title: str = ""
    labels: list[GitHubLabel] = []
    merge_commit_sha: str | None = None
    merged_at: datetime | None = None


class Run(msgspec.Struct):
    """A workflow run. `pull_requests` is left out: it is empty for a fork's."""

    id: int
    path: str  # of the workflow file, with `@ref` behind it at times
    event: str
    status: str | None
    conclusion: str | None
    head_sha: str
    head_branch: str | None
    html_url: str
    created_at: datetime
    repository: Repository
    head_repository: Repository | None = None
    display_title: str = ""  # `run-name`, where the workflow has one

    @property
    def workflow(self) -> str:
        return self.path.partition("@")[0].removeprefix(".github/workflows/")


class Runs(msgspec.Struct):
    workflow_runs: list[Run]


class ArtifactRun(msgspec.Struct):
    id: int


class Artifact(msgspec.Struct):
    id: int
    name: str
    size_in_bytes: int
    expired: bool
    workflow_run: ArtifactRun | None = None


class GitHubArtifacts(msgspec.Struct):
    artifacts: list[Artifact]


class Comment(msgspec.Struct):
    """`body` may be missing, `user` is null for a deleted account."""

    id: int
    html_url: str
    body: str | None = None
    user: User | None = None


class IssuePull(msgspec.Struct):
    """What an issue has that is a pull request."""

    url: str


class Issue(msgspec.Struct):
    """`body` may be missing."""

    number: int
    title: str
    state: str
    html_url: str
    body: str | None = None
    pull_request: IssuePull | None = None


class TimelineEvent(msgspec.Struct):
    """Only the labels' events have all four."""

    event: str | None = None
    actor: User | None = None
    label: GitHubLabel | None = None
    created_at: datetime | None = None


class Permission(msgspec.Struct):
    permission: str  # admin, write, read or none; `maintain` counts as write, `triage` as read


class GitHubEnvironment(msgspec.Struct):
    name: str


class Review(msgspec.Struct):
    """Of an environment that a run waited at."""

    state: str
    user: User
    environments: list[GitHubEnvironment]


class GitHubTree(msgspec.Struct):
    sha: str


class GitHubCommit(msgspec.Struct):
    """A Git commit, from the database of objects."""

    sha: str
    tree: GitHubTree


class GitHubAsset(msgspec.Struct):
    id: int
    name: str
    size: int
    state: str = "uploaded"
    digest: str | None = None  # `sha256:…`; releases from before June 2025 have none


class Release(msgspec.Struct):
    """`assets` leaves out what an upload left half; the list of assets alone has it."""

    id: int
    tag_name: str
    assets: list[GitHubAsset]
    html_url: str
    upload_url: str  # ends with a template: `{?name,label}`
    body: str | None = None
    draft: bool = False
    prerelease: bool = False


class GitObject(msgspec.Struct):
    type: str  # `tag` for an annotated one, else `commit`
    sha: str


class Reference(msgspec.Struct):
    """A tag's name or an annotated tag itself: what it points to."""

    object: GitObject
