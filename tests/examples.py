"""How many examples Hypothesis draws: all of them in `make test`, a tenth in `make check`."""

import hypothesis

ALL, FEW = 100, 10  # of a test that gives no number of its own
FEWEST = 5


def register_profiles() -> None:
    """A busy machine is no failure, and the same commit gives the same verdict."""
    hypothesis.settings.register_profile("lathe", deadline=None, derandomize=True, max_examples=ALL)
    hypothesis.settings.register_profile("check", hypothesis.settings.get_profile("lathe"), max_examples=FEW)
    hypothesis.settings.load_profile("lathe")


def examples(number: int) -> int:
    """`max_examples` of a test that needs `number` of them, in the profile that runs.

    `make check` takes another profile by `--hypothesis-profile=check`, which is read before any test module is.
    """
    return max(FEWEST, number * hypothesis.settings().max_examples // ALL)
