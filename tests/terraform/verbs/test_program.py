"""Which Terraform runs, with which providers, and what a person reads where it cannot."""

from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from terraform.verbs.program import find_program, list_mirrors, open_terraform, read_error, read_version, write_settings

AWS, GOOGLE = "registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/google"


def put_terraform(folder: Path, text: str) -> str:
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def put_version(folder: Path, version: str) -> str:
    return put_terraform(folder, f"""echo '{{"terraform_version": "{version}"}}'""")


def put_provider(folder: Path, name: str, version: str = "5.100.0") -> Path:
    (folder / name / version / "linux_amd64").mkdir(parents=True)
    return folder


def test_a_machine_without_terraform_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not on the path: install it .*developer\.hashicorp\.com.*setup-terraform"):
        find_program({"PATH": str(tmp_path)})


@pytest.mark.parametrize("version", ["1.10.5", "0.15.0", "2.0.0", "3.1.2"])
def test_a_version_that_no_root_takes_is_named_with_what_is_expected(tmp_path: Path, version: str) -> None:
    with pytest.raises(InputError, match=rf"terraform is {version}, expected at least 1\.11 and below 2\.0: install"):
        read_version(put_version(tmp_path, version))


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.14.0-beta1", "1.99.9"])
def test_a_version_of_the_range_is_taken(tmp_path: Path, version: str) -> None:
    assert read_version(put_version(tmp_path, version)) == version


def test_a_program_of_that_name_that_is_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say its version: I am a game"):
        read_version(put_terraform(tmp_path, "echo I am a game >&2"))


def test_a_named_mirror_without_a_provider_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"LATHE_TERRAFORM_MIRROR: {tmp_path} holds no provider"):
        list_mirrors({"LATHE_TERRAFORM_MIRROR": str(tmp_path)})


def test_a_provider_comes_from_the_first_mirror_that_has_it_and_the_rest_from_the_registry(tmp_path: Path) -> None:
    first, second = put_provider(tmp_path / "a", AWS), put_provider(put_provider(tmp_path / "b", AWS), GOOGLE)
    mirrors = list_mirrors({"LATHE_TERRAFORM_MIRROR": f"{first}:{second}"})
    assert list(mirrors.items())[:2] == [(str(first), [AWS]), (str(second), [AWS, GOOGLE])]
    text = write_settings({str(first): [AWS], str(second): [AWS, GOOGLE]})
    assert text.count(f'include = ["{AWS}"]') == 1
    assert text.count(f'include = ["{GOOGLE}"]') == 1
    assert f'exclude = ["{AWS}", "{GOOGLE}"]' in text


def test_without_a_mirror_everything_comes_from_the_registry() -> None:
    assert write_settings({}) == "disable_checkpoint = true\nprovider_installation {\n  direct {\n  }\n}\n"


def test_no_run_sees_the_settings_of_the_machine(tmp_path: Path) -> None:
    put_version(tmp_path, "1.11.4")
    given = {"PATH": str(tmp_path), "TF_CLI_CONFIG_FILE": "/nowhere", "TF_CLI_ARGS_plan": "-destroy", "AWS_REGION": "x"}
    with open_terraform(given) as terraform:
        assert terraform.settings.read_text(encoding="utf-8").startswith("disable_checkpoint")
        assert terraform.environment["TF_CLI_CONFIG_FILE"] == str(terraform.settings)
        assert "TF_CLI_ARGS_plan" not in terraform.environment
        assert terraform.environment["AWS_REGION"] == "x"
    assert not terraform.settings.exists()


def test_a_run_without_an_end_is_named_with_what_it_may_leave(tmp_path: Path) -> None:
    put_terraform(tmp_path, """[ "$1" = version ] && echo '{"terraform_version": "1.11.4"}' || exec sleep 600""")
    words = r"terraform apply in eks had no end after 0\.1 s .* the lock that may be left"
    with open_terraform({"PATH": f"{tmp_path}:/bin:/usr/bin"}) as terraform, pytest.raises(OutsideError, match=words):
        terraform.run(Path("terraform/eks"), "apply", seconds=0.1)


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    program = Path(put_terraform(tmp_path, ""))
    program.write_bytes(b"\x7fELF of another machine")
    with pytest.raises(InputError, match=r"does not say its version: .*Exec format error"):
        read_version(str(program))


def test_an_error_is_its_first_one_in_one_line_without_the_frame() -> None:
    text = "╷\n│ Error: Unsupported argument\n│ \n│   on main.tf line 1\n╵\n╷\n│ Error: Another\n╵\n"
    assert read_error(text) == "Unsupported argument on main.tf line 1"
