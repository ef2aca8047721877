"""Every mutant of a module: one small change of its code each, by Cosmic Ray's operators."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

# Of each kind one change: `<` to `<=` says of the tests what `<` to `!=` would say again. Unions of types are `|`, so
# that operator is left as it is.
COMPARISONS = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
ARITHMETIC = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Add", "Pow_Mul")
OTHERS = (
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_USub_UAdd",
)
OPERATORS = (
    *OTHERS,
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISONS),
    *(f"ReplaceBinaryOperator_{name}" for name in ARITHMETIC),
)
DECLARATIONS = ("class ", "@")  # `frozen=True` is held by the type checker


@dataclass(frozen=True, order=True)
class Mutant:
    """Change number `occurrence` of `operator` in the file `path`, relative to the project; `line` counts from 1."""

    path: str
    line: int
    operator: str
    occurrence: int

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line} {self.operator} {self.occurrence}"


def list_mutants(root: Path, paths: Sequence[Path]) -> list[Mutant]:
    """All mutants of the modules `paths` below `root`, in a fixed order."""
    return sorted(mutant for path in paths for mutant in _find_mutants(root, path))


def _find_mutants(root: Path, path: Path) -> Iterator[Mutant]:
    text = path.read_text(encoding="utf-8")
    nodes, lines = list(ast_nodes(get_ast(text))), text.splitlines()
    for name in OPERATORS:
        operator = _find_operator(name)
        places = [start[0] for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, line in enumerate(places):
            if not lines[line - 1].lstrip().startswith(DECLARATIONS):
                yield Mutant(path.relative_to(root).as_posix(), line, name, occurrence)


def draw_sample(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """`count` of them, the same for the same seed; all if there are no more. A longer sample begins with a shorter."""
    drawn = list(mutants)
    random.Random(seed).shuffle(drawn)
    return drawn[:count]


def plant_mutant(source: str, mutant: Mutant) -> str:
    """The module's text with the change. Raises: ValueError if the text has no such place."""
    changed = mutate_code(source, _find_operator(mutant.operator), mutant.occurrence)
    if changed is None:
        raise ValueError(
            f"{mutant.path} has no place {mutant.occurrence} of {mutant.operator}: it was changed meanwhile"
        )
    return str(changed)


@cache
def _find_operator(name: str):  # type: ignore[no-untyped-def]  # of a class of Cosmic Ray's
    return get_operator(f"core/{name}")()
