"""MLflow's file after a project was copied or moved: the absolute places in it lead to where it is now."""

import sqlite3
from pathlib import Path

DEFAULT_EXPERIMENT = "0"  # MLflow's own, which it places below whatever folder it was first started in
# MLflow's columns that hold a place of artifacts
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def lead_here(database: Path, folder: Path) -> str | None:
    """Makes every place that the file has below another folder of the same kind one below `folder`; what was done.

    Only what Lathe itself placed is changed: experiments in a folder of `folder`'s name, on this machine.

    Raises: sqlite3.Error.
    """
    if not database.is_file():
        return None
    here = folder.as_uri()
    connection = sqlite3.connect(database, timeout=10, isolation_level=None)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "experiments" not in tables:
            return None
        formers = _list_formers(connection, here, folder.name)
        if not formers:
            return None
        connection.execute("BEGIN IMMEDIATE")
        changed = sum(_move(connection, former, here, tables) for former in formers)
        connection.execute("COMMIT")
    finally:
        connection.close()
    gone = "" if folder.is_dir() else f"; {folder} is not here, so copy it too if its files are needed"
    return f"{database} was made for {', '.join(formers)}: {changed:,} places in it lead to {here} now{gone}"


def _list_formers(connection: sqlite3.Connection, here: str, name: str) -> list[str]:
    query = "SELECT DISTINCT artifact_location FROM experiments WHERE experiment_id <> ?"
    places = [place for (place,) in connection.execute(query, (DEFAULT_EXPERIMENT,))]
    return [place for place in places if place != here and place.startswith("file:") and place.endswith(f"/{name}")]


def _move(connection: sqlite3.Connection, former: str, here: str, tables: set[str]) -> int:
    changed = 0
    for table, column in PLACES:
        if table not in tables:
            continue
        moved = f"""UPDATE {table} SET {column} = ? || substr({column}, ?)
            WHERE {column} = ? OR substr({column}, 1, ?) = ?"""  # noqa: S608 - both names stand above
        within = f"{former}/"
        changed += connection.execute(moved, (here, len(former) + 1, former, len(within), within)).rowcount
    default = "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?"
    connection.execute(default, (f"{here}/{DEFAULT_EXPERIMENT}", DEFAULT_EXPERIMENT))
    return changed
