"""Whether an environment may be destroyed at all: looked up in the state, before anything is touched."""

from cli.errors import RefusedError
from terraform.verbs.roots.root import Root
from terraform.verbs.roots.state import TerraformState


def refuse_protected(root: Root, state: TerraformState) -> None:
    """Raises: RefusedError for a protected environment, and for production without its guard."""
    if state.is_protected:
        confirm = " -var confirm_unprotected=prod" if root.environment == "prod" else ""
        options = " ".join(f"-var-file=envs/{path.name}" for path in root.variable_files)
        raise RefusedError(
            f"{root.cloud} {root.environment} is protected, nothing was touched; to take it down, lift the protection "
            f"first: terraform -chdir=terraform/{root.cloud} apply {options} -var deletion_protection=false{confirm}"
        )
    if state.is_protected is None and root.environment == "prod" and state.managed:
        raise RefusedError(
            f"{root.cloud} prod has {len(state.managed)} kinds of resources and no guard, which an apply makes "
            "last: that apply did not end, nothing was touched; finish it with `terraform apply`, then lift that"
        )
