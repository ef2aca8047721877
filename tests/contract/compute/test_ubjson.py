"""A model that says more of itself than it holds is refused before XGBoost believes it."""

import multiprocessing
import random
from collections.abc import Callable, Sequence

import pytest

from contract.bundle import MODEL_NAME, Bundle
from contract.compute.scoring import load_booster
from contract.compute.ubjson import check_ubjson
from contract.errors import BundleError


def length(number: int) -> bytes:
    return b"L" + number.to_bytes(8, signed=True)


def text(content: bytes) -> bytes:
    return length(len(content)) + content


def test_what_xgboost_writes_is_whole(bundle: Bundle, other_bundle: Bundle) -> None:
    check_ubjson(bundle.files[MODEL_NAME])
    check_ubjson(other_bundle.files[MODEL_NAME])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{" + length(2**56) + b"a", r"byte 10: it says that 72057594037927936 bytes follow, and has 1"),
        (b"{" + length(-1) + b"a", "byte 1: no length stands there"),
        (b"{" + text(b"a") + b"[$l#" + length(2**61) + b"}", "byte 24: it says that 9223372036854775808 bytes follow"),
        (b"{" + text(b"a") + b"[#" + length(2**61) + b"}", "byte 22: no value begins there"),
        (b"{" + text(b"a") + b"[$x#" + length(1) + b"}", "byte 12: an array is of no known type of numbers"),
        (b"{" + text(b"a") + b"S" + text(b"\xff") + b"}", "byte 21: a text is not UTF-8"),
        (b"{" + text(b"\xff") + b"Z}", "byte 10: a text is not UTF-8"),
        (b"{" + text(b"a") + b"Z" + text(b"a") + b"Z}", "byte 12: a name stands twice"),
        (b"{" + text(b"a") + b"N}", "byte 11: no value begins there"),
        (b"{" + text(b"a") + b"[" * 100, "nested deeper than 64 levels"),
        (b"{" + text(b"a") + b"d\0", "byte 12: it says that 4 bytes follow, and has 1"),
        (b"{" + text(b"a"), "byte 11: it ends too soon"),
        (b"{", "byte 1: it says that 9 bytes follow, and has 0"),
        (b"{}Z", "byte 2: 1 bytes follow its end"),
    ],
)
def test_what_is_not_whole_is_refused_by_its_byte(content: bytes, problem: str) -> None:
    with pytest.raises(BundleError, match=problem):
        check_ubjson(content)


@pytest.mark.parametrize("name", [b"right_children", b"split_indices", b"feature_names", b"name"])
@pytest.mark.parametrize("place", [1, 2, 7])
def test_a_name_that_is_longer_than_the_model_is_refused(bundle: Bundle, name: bytes, place: int) -> None:
    damaged = bytearray(bundle.files[MODEL_NAME])
    damaged[damaged.rindex(text(name)) + place] = 0xFF
    with pytest.raises(BundleError, match=f"^{MODEL_NAME} is damaged at byte [0-9]+: [^\n]*$"):
        load_booster(bytes(damaged), bundle.manifest.schema.features)


@pytest.mark.parametrize("name", [b"feature_names", b"binary:logistic", b"gbtree", b"num_feature", b"torque_nm"])
def test_a_text_that_is_not_utf8_is_refused(bundle: Bundle, name: bytes) -> None:
    damaged = bytearray(bundle.files[MODEL_NAME])
    damaged[damaged.index(name)] = 0xFF
    with pytest.raises(BundleError, match="a text is not UTF-8"):
        load_booster(bytes(damaged), bundle.manifest.schema.features)


def load_all(contents: Sequence[bytes], features: Sequence[str]) -> None:
    for content in contents:
        try:
            load_booster(content, features)
        except BundleError:
            continue


def run_apart(task: Callable[..., None], *arguments: object) -> int | None:
    process = multiprocessing.get_context("spawn").Process(target=task, args=arguments)
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.slow
def test_no_single_byte_of_the_structure_ends_the_process(bundle: Bundle) -> None:
    good, chosen = bundle.files[MODEL_NAME], random.Random(5)
    places = [place + within for place in range(len(good)) if good[place] in b"{[SL" for within in range(12)]
    damaged = []
    for place in chosen.sample(places, 150):
        content = bytearray(good)
        content[min(place, len(good) - 1)] = chosen.choice([0xFF, 0, chosen.randrange(256)])
        damaged.append(bytes(content))
    assert run_apart(load_all, damaged, bundle.manifest.schema.features) == 0
