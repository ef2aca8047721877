"""What Git says that runs and ran, beside what the nodes, the pods and the load say."""

import json
import shlex
from datetime import datetime

from tests.e2e.chapters.production import find_digests
from tests.e2e.travel import PRODUCTION, Travel, Version

SHOWN_DIGITS = 12


def compare_with_cluster(travel: Travel, expected: dict[str, Version]) -> None:
    """Git's view beside the nodes' and the pods' own."""
    scenario = travel.scenario
    said = travel.desk.type("status", "--fetch", "--json", "--kubectl", shlex.join(scenario.kubectl.command))
    rows = {row["environment"]: row for row in json.loads(travel.desk.must(said).out)}
    for environment, version in expected.items():
        row = rows[environment]
        cluster = row["cluster"] or {}
        told = (row["version"], row["digest"], row["bundle"], cluster.get("bundle"), cluster.get("sync"))
        wanted = (version.tag, version.digest, version.bundle, version.bundle[:SHOWN_DIGITS], "Synced")
        running = find_digests(scenario, environment)
        pods = f"{min(running, default='nothing')[:19]}, bundle {told[3]}"
        found = f"{told[0]} {str(told[1])[:19]}, bundle {str(told[2])[:SHOWN_DIGITS]}; the pods run {pods}"
        scenario.expect(told == wanted and running == {version.digest}, f"{environment}: `status`", found)


def compare_history(travel: Travel, expected: list[Version], moment: datetime) -> None:
    """What production ran, move by move, and at a moment between promotion and rollback."""
    scenario = travel.scenario
    given = ("history", "--env", PRODUCTION, "--fetch", "--json")
    moves = json.loads(travel.desk.must(travel.desk.type(*given)).out)[-len(expected) :]
    found = "; ".join(f"{move['kind']} to {move['to']}, bundle {str(move['bundle'])[:12]}" for move in moves)
    told = [(move["to"], move["digest"], move["bundle"]) for move in moves]
    wanted = [(version.tag, version.digest, version.bundle) for version in expected]
    scenario.expect(told == wanted, f"{PRODUCTION}: `history`", found)
    on = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    stays = json.loads(travel.desk.must(travel.desk.type(*given, "--on", on)).out)
    ran = [(stay["version"], stay["bundle"]) for stay in stays]
    step = f"{PRODUCTION}: `history --on {on}`"
    scenario.expect(ran == [(expected[1].tag, expected[1].bundle)], step, ", ".join(version for version, _ in ran))
