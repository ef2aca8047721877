"""The file of list prices: read whole, and refused by name where something in it cannot be used."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.errors import InputError

FILE = Path(__file__).parents[2] / "prices.yaml"
HOURS = 730.0  # of a month
# how often a month has a unit; a share is of something else on the list, a GB has passed or was written
MONTHLY = {"hour": HOURS, "month": 1.0, "GB-month": 1.0, "GB": 1.0, "share": 1.0}
UNVERIFIED = "unverified"
OLDEST_MONTHS = 12
ASSUMED = ("load balancers", "internet traffic", "nat traffic", "logs", "object storage", "requests a second")


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In US dollars for a `unit`; `date` is the source's."""

    price: float
    unit: str
    region: str
    source: str
    date: str = ""

    @property
    def monthly(self) -> float:
        return self.price * MONTHLY[self.unit]

    @property
    def is_verified(self) -> bool:
        return bool(self.date)


class PriceList(msgspec.Struct, frozen=True):
    """By cloud and item; `assumed` is what no plan says, in the unit of its price or as it is called."""

    clouds: dict[str, dict[str, Price]]
    assumed: dict[str, float]
    name: str

    def find(self, cloud: str, item: str) -> Price:
        """Raises: InputError for what is planned and has no price."""
        if item not in self.clouds.get(cloud, {}):
            raise InputError(
                f"{self.name}: {cloud} plans {item!r}, which has no price: add it with its unit, date and source"
            )
        return self.clouds[cloud][item]

    @property
    def oldest(self) -> str:
        return min(price.date for prices in self.clouds.values() for price in prices.values() if price.date)

    def list_warnings(self, today: date) -> Iterator[str]:
        """Each price that is too old to be trusted."""
        for cloud, prices in self.clouds.items():
            for item, price in prices.items():
                months = count_months(date.fromisoformat(price.date), today) if price.date else 0
                if months > OLDEST_MONTHS:
                    yield f"{cloud}: {item} is of {price.date}, {months} months old: look it up anew ({price.source})"


def count_months(then: date, now: date) -> int:
    return (now.year - then.year) * 12 + now.month - then.month


def read_prices(path: Path = FILE) -> PriceList:
    """Raises: InputError that names the file, the cloud, the item and what was expected."""
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(content, dict) or set(content) != {"eks", "gke", "assumed"}:
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path.name}: found {found}, expected eks, gke and assumed")
    clouds = {cloud: read_cloud(content[cloud], f"{path.name}: {cloud}") for cloud in ("eks", "gke")}
    return PriceList(clouds, read_assumed(content["assumed"], path.name), path.name)


def read_cloud(content: Any, where: str) -> dict[str, Price]:
    if not isinstance(content, dict) or not content:
        raise InputError(f"{where} is {content!r}, expected a price under the name of each item")
    return {item: read_price(value, f"{where}: {item}") for item, value in content.items()}


def read_price(value: Any, where: str) -> Price:
    """One price, with a day if its source has one."""
    if isinstance(value, dict):
        value = {key: one.isoformat() if isinstance(one, date) else one for key, one in value.items()}
    try:
        price = msgspec.convert(value, Price)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {error}") from error
    if price.unit not in MONTHLY:
        raise InputError(f"{where}: unit is {price.unit!r}, expected one of {', '.join(MONTHLY)}")
    if not 0 <= price.price < 1e5:
        raise InputError(f"{where}: price is {price.price}, expected US dollars from 0")
    if bool(price.date) == (price.source == UNVERIFIED):
        raise InputError(
            f"{where}: source is {price.source!r} with date {price.date!r}, expected both, or {UNVERIFIED} alone"
        )
    try:
        date.fromisoformat(price.date or "2000-01-01")
    except ValueError as error:
        raise InputError(f"{where}: date is {price.date!r}, expected a day such as 2026-10-01") from error
    return price


def read_assumed(content: Any, where: str) -> dict[str, float]:
    found = content if isinstance(content, dict) else {}
    if set(found) != set(ASSUMED):
        raise InputError(f"{where}: assumed has {sorted(found)}, expected {', '.join(ASSUMED)}")
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise InputError(f"{where}: assumed {name} is {value!r}, expected a number from 0")
    return {name: float(value) for name, value in found.items()}
