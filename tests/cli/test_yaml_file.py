"""YAML that is endless, nested, repeated or damaged: one line, whatever the library would do with it."""

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.errors import InputError
from cli.yaml_file import MAX_BYTES, MAX_DEPTH, read_struct, read_yaml
from contract.dataset import Dataset
from tests.examples import examples
from training.data.dataset_file import DATASETS, load_dataset
from training.params import PARAMS, load_params

AI4I = (DATASETS / "ai4i.yaml").read_text()
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 30)
)


def deep(levels: int) -> str:
    return "a: " + "[" * levels + "]" * levels + "\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (deep(100_000), f"is nested deeper than {MAX_DEPTH} levels in line 1"),
        (deep(MAX_DEPTH), f"is nested deeper than {MAX_DEPTH} levels in line 1"),
        ("".join(f"{' ' * level}a:\n" for level in range(500)), r"is nested deeper than 40 levels in line \d+"),
        ("x: 1\nseed: " + "9" * 10_000, "has a number of 10,000 digits in line 2, expected at most 300"),
        ("seed: -0." + "9" * 10_000, "has a number of 10,003 digits in line 1"),
        ("seed: 0x" + "f" * 5_000, "has a number of 5,002 digits in line 1"),
        (LAUGHS, r"holds more than 200,000 values in line \d+, with its aliases as often as they stand there"),
        ("a: &a [*a, *a]", ""),
        ("#" * (MAX_BYTES + 1), "has more than 1,048,576 bytes, which no file of this kind needs"),
        ("a: 2024-13-45\n", ""),
        ("a: 2024-02-30 25:61:61\n", "is not YAML: "),
        ("a: 1\na: 2\n", 'is not YAML: found duplicate key "a" with value "2" .* in line 2'),
        ("a:\n\t- 1\n", r"is not YAML: found character '\\t' that cannot start any token in line 2"),
        ("? [a, b]\n: 1\n", "Expected `str` - at `key` in"),
        ("a: !!python/object:os.system x\n", "is not YAML: could not determine a constructor for the tag"),
        ("a: 1\n---\nb: 2\n", "is not YAML: but found another document in line 2"),
        ("a: 1\nb: \x01\n", r"is not YAML: line 2 holds the character U\+0001, which YAML does not allow"),
        ("\n\n\0", r"is not YAML: line 3 holds the character U\+0000, which YAML does not allow"),
        ("# \ufffe", r"is not YAML: line 1 holds the character U\+FFFE, which YAML does not allow"),
        ("*nobody\n", "is not YAML: found undefined alias"),
        ("", "Expected `object`, got `null`"),
    ],
)
def test_yaml_beyond_reason_is_refused_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"set\.yaml(: | ){told}") as caught:
        read_struct(path, Dataset)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


class Inner(msgspec.Struct):
    depth: int = 0


class Outer(msgspec.Struct):
    plain: dict[str, int] = {}
    nested: dict[str, list[dict[str, Inner]]] = {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain: {a: 1, max_depth: deep, c: deep}\n", "Expected `int`, got `str` - at `$.plain['max_depth']`"),
        ("nested: {a: [], b.c: [{d: {}}, {d: {}, e: {depth: x}}]}\n", "at `$.nested['b.c'][1]['e'].depth`"),
        ("nested: {a: [{}], b: 1}\n", "Expected `array`, got `int` - at `$.nested['b']`"),
        ("plain: {1: 1}\n", "Expected `str`, got `int` - at `key` in `$.plain`"),
    ],
)
def test_a_refused_value_of_a_mapping_is_named_by_its_key(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "set.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_struct(tmp_path / "set.yaml", Outer)
    assert str(caught.value).endswith(told)


def test_a_refused_parameter_of_the_model_is_named(tmp_path: Path) -> None:
    text = PARAMS.read_text()
    (tmp_path / "params.yaml").write_text(text.replace("max_depth: 4", "max_depth: [4]"))
    with pytest.raises(InputError, match=r"at `\$\.model\['max_depth'\]`"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.slow
def test_what_stands_at_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(deep(MAX_DEPTH - 1))
    assert read_yaml(path)
    path.write_text("a: " + "9" * 300)
    assert read_yaml(path) == {"a": int("9" * 300)}
    path.write_text("# " + "x" * (MAX_BYTES - 9) + "\na: 1\n")
    assert path.stat().st_size <= MAX_BYTES
    assert read_yaml(path) == {"a": 1}


def test_anchors_and_merges_of_usual_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_text("a: &a {x: 1}\nb: [*a, *a]\nc: {<<: *a, y: 2}\n")
    assert read_yaml(tmp_path / "set.yaml")["b"] == [{"x": 1}, {"x": 1}]


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-32"])
def test_another_encoding_is_told_with_its_line(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "set.yaml").write_bytes("a: 1\nb: ü\n".encode(encoding))
    with pytest.raises(InputError, match=r"is not YAML: line \d is not UTF-8; save it as UTF-8"):
        read_yaml(tmp_path / "set.yaml")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "set.yaml").write_bytes(b"\xef\xbb\xbf" + AI4I.encode())
    assert load_dataset(str(tmp_path / "set.yaml")) == load_dataset("ai4i")


def test_a_pipe_a_device_and_a_folder_are_no_yaml(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match=r"is no regular file, expected YAML|cannot be read: Is a directory"):
            read_yaml(path)


def test_a_number_that_no_field_can_hold_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(AI4I.replace("maximum: 350", "maximum: 1" + "0" * 299))
    assert load_dataset(str(path)).columns[1].maximum == pytest.approx(1e299)
    for value in (".nan", ".inf", "1e999"):
        path.write_text(AI4I.replace("missed: 500", f"missed: {value}"))
        with pytest.raises(InputError, match=r"set\.yaml: costs\.missed is (nan|inf), expected a finite number"):
            load_dataset(str(path))


@pytest.mark.slow
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(AI4I) - 1), st.text(max_size=3), st.integers(0, 3))
def test_a_dataset_file_changed_anywhere_is_read_or_refused_in_one_line(
    tmp_path: Path, place: int, text: str, taken: int
) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(AI4I[:place] + text.encode(errors="replace").decode() + AI4I[place + taken :])
    try:
        load_dataset(str(path))
    except InputError as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told


def test_parameters_are_bounded_as_well(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("seed: " + "1" * 5000)
    with pytest.raises(InputError, match="has a number of 5,000 digits in line 1"):
        load_params(tmp_path / "params.yaml")
