"""The price list is read whole, and what in it cannot be used is refused by name."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.errors import InputError
from terraform.verbs.cost.prices import FILE, OLDEST_MONTHS, count_months, read_prices


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """The price list with one edit."""
    yaml = YAML()
    content = yaml.load(FILE.read_text(encoding="utf-8"))
    edit(content)
    path = folder / "prices.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)
    return path


def test_every_price_has_a_dated_source_or_says_that_it_has_none() -> None:
    prices = read_prices()
    every = [price for items in prices.clouds.values() for price in items.values()]
    assert len(every) >= 35
    assert sum(price.is_verified for price in every) >= 18
    assert {price.source for price in every if not price.is_verified} == {"unverified"}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda all_: all_["eks"]["nat"].pop("price"), "prices.yaml: eks: nat: .*missing required field `price`"),
        (
            lambda all_: all_["eks"]["nat"].update(unit="day"),
            "prices.yaml: eks: nat: unit is 'day', expected one of hour,",
        ),
        (lambda all_: all_["gke"]["nat"].update(price=-1), "gke: nat: price is -1.0, expected US dollars from 0"),
        (lambda all_: all_["gke"]["nat"].update(price="cheap"), "gke: nat: .*float"),
        (lambda all_: all_["eks"]["nat"].update(colour="red"), "eks: nat: .*colour"),
        (lambda all_: all_["eks"]["nat"].pop("date"), "eks: nat: source is 'rulestamp.*' with date '', expected both"),
        (lambda all_: all_["eks"]["nat"].update(date="2026-02-31"), "eks: nat: date is '2026-02-31', expected a day"),
        (
            lambda all_: all_["eks"]["load balancer"].update(date="2026-01-01"),
            "load balancer: source is 'unverified' with",
        ),
        (lambda all_: all_.pop("gke"), r"found \['assumed', 'eks'\], expected eks, gke and assumed"),
        (lambda all_: all_.update(gke={}), "gke is {}, expected a price under the name of each item"),
        (lambda all_: all_["assumed"].pop("logs"), "assumed has .*, expected load balancers"),
        (lambda all_: all_["assumed"].update(logs=True), "assumed logs is True, expected a number from 0"),
        (lambda all_: all_["eks"].update({"key": 1}), "eks: key: Expected `object`, got `int`"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_by_name(
    edit: Callable[[dict[str, Any]], object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=says):
        read_prices(change(tmp_path, edit))


@pytest.mark.parametrize("text", ["eks: [", "", "- eks\n"])
def test_a_file_that_is_no_list_of_prices_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"prices\.yaml"):
        read_prices(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read"):
        read_prices(tmp_path / "nowhere.yaml")


def test_what_is_planned_without_a_price_is_named() -> None:
    with pytest.raises(InputError, match=r"eks plans .m9z\.huge., which has no price: add it with its unit"):
        read_prices().find("eks", "m9z.huge")


def test_old_prices_are_warned_of_by_name_and_new_ones_are_not() -> None:
    prices = read_prices()
    assert list(prices.list_warnings(date(2025, 3, 31))) == []
    (first, *_) = prices.list_warnings(date(2026, 11, 28))
    assert first.startswith("eks: m7i.large is of 2025-03-02, 20 months old: look it up anew")


def test_months_are_counted_over_the_years() -> None:
    assert count_months(date(2025, 12, 31), date(2026, 1, 1)) == 1
    assert count_months(date(2025, 11, 1), date(2026, 11, 30)) == OLDEST_MONTHS
