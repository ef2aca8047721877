"""`make plants`: every plant before the real gate, as a table: who sends it, the verdict, the words."""

import sys
from collections.abc import Iterator

from cli.errors import CommandError
from contract.report import Check
from tests.training.plants.catalog import CATALOG
from tests.training.plants.stage import Plant, judge
from tests.training.plants.verdicts import find_named, is_right

WIDTH = 150


def print_table(sender: str, plants: tuple[Plant, ...]) -> Iterator[bool]:
    print(f"\n{sender}\n")
    print("| plant | what was sent | expected | verdict | words |\n|---|---|---|---|---|")
    for plant in plants:
        right, verdict, words = try_plant(plant)
        mark = "" if right else " (expected another)"
        print(f"| {plant.name} | {plant.what} | {plant.verdict} | {verdict}{mark} | {words} |", flush=True)
        yield right


def try_plant(plant: Plant) -> tuple[bool, str, str]:
    try:
        result = judge(plant.make())
    except CommandError as error:
        return plant.verdict == "refused", "refused", shorten(str(error))
    named = find_named(plant, result)
    troubles = [check for check in result.checks if check.blocking and check.verdict != "pass"]
    shown: list[Check] = named or troubles
    verdict = f"{result.verdict}, no alarm" if plant.verdict == "pass" and result.verdict != "pass" else result.verdict
    others = sorted({check.name for check in troubles} - {plant.check})
    words = "; ".join(f"{check.name}: {check.reason}" for check in shown[:1])
    more = f" (and {', '.join(others)})"[:WIDTH] if named and others else ""
    return is_right(plant, result), verdict, shorten(words) + more


def shorten(text: str) -> str:
    return text if len(text) <= 2 * WIDTH else text[: 2 * WIDTH - 1] + "…"


if __name__ == "__main__":
    chosen = sys.argv[1:]
    right = [
        good
        for sender, plants in CATALOG.items()
        for good in print_table(sender, tuple(p for p in plants if not chosen or any(c in p.name for c in chosen)))
    ]
    print(f"\n{sum(right)} of {len(right)} verdicts are right")
    sys.exit(0 if all(right) else 1)
