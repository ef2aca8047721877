"""How old what this clone knows of the shared branch is, and how to ask again."""

from datetime import UTC, datetime, timedelta

from release.git.remote import Remote

FRESH = timedelta(hours=1)  # a fetch older than that gets a warning
ASK_AGAIN = "`make status FETCH=1` asks it"


def describe_lag(remote: Remote) -> str:
    """Whether the remote's branch, as last fetched, has commits that this checkout has not."""
    name = f"{remote.name}/{remote.branch}"
    answer = remote.clone.run("rev-list", "--count", f"HEAD..refs/remotes/{name}")
    count = 0 if answer.code else int(answer.text)
    commits = "1 commit" if count == 1 else f"{count} commits"
    return f"{name} is {commits} ahead of this checkout; `git pull`, or {ASK_AGAIN}" if count else ""


def describe_age(remote: Remote) -> str:
    """No warning if the remote was fetched within the last hour; later, others may have merged since."""
    name = f"{remote.name}/{remote.branch}"
    if not remote.clone.has(f"refs/remotes/{name}"):
        return f"{name} was never fetched here, what others merged is not shown; {ASK_AGAIN}"
    fetched = remote.find_fetch_time()
    if fetched is None:
        return f"nobody knows when {name} was last fetched, what others merged since is not shown; {ASK_AGAIN}"
    age = datetime.now(UTC) - fetched
    if age < FRESH:
        return ""
    return f"{name} was last fetched {describe_time(age)} ago, what others merged since is not shown; {ASK_AGAIN}"


def describe_source(remote: Remote, *, fetch: bool) -> str:
    """Which commit the table is of."""
    clone, name = remote.clone, f"{remote.name}/{remote.branch}"
    head = f"refs/remotes/{name}" if fetch else "HEAD"
    answer = clone.run("log", "-1", "--no-show-signature", "--format=%h %cs", "--abbrev=10", head)
    if answer.code:
        return "from this checkout, which has no commit"
    commit, day = answer.text.split()
    return f"from {f'{name}, fetched just now' if fetch else 'this checkout'}, commit {commit} of {day}"


def describe_time(lasted: timedelta) -> str:
    """`2 days 3 hours`: the two largest units."""
    minutes = int(lasted.total_seconds()) // 60
    units = [("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60)]
    while len(units) > 1 and units[0][1] == 0:
        units.pop(0)
    parts = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in units[:2] if count]
    return " ".join(parts) or "less than a minute"
