"""How far live rows lie from the reference: the index of contract/psi.py, with its bias and standard error, in PromQL.

tests/app/monitor/rules holds both against each other to 1e-12.
"""

from typing import NamedTuple

from app.monitor.rules.counts import HASH
from app.monitor.rules.objectives import HOUR
from app.monitor.rules.promql import MODEL, Record, by, on, wilson
from contract.psi import FEWEST_ROWS, SMOOTHING, Z
from contract.quality import CONFIDENCE_Z

REMEMBERED = "1h"  # a reference outlives its pods by so long: a dead scrape must not resolve what fires
VALUES = ("missing", "unknown", "out_of_range")


class Compared(NamedTuple):
    """Bins that are counted and have a reference; `labels` tells one index from another beside the model's own."""

    name: str
    labels: tuple[str, ...]
    ratio: str
    rows: str
    row_labels: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return (*MODEL, *self.labels)

    def named(self, what: str, window: str) -> str:
        return f"lathe:{self.name}_{what}:{window}"


FEATURES = Compared("feature", ("feature",), "lathe_feature_reference_ratio", "lathe_reference_rows")
SCORE = Compared("score", (), "lathe_score_reference_ratio", "lathe_score_reference_rows")
SLICES = Compared(
    "slice_feature",
    ("slice", "feature"),
    "lathe_slice_feature_reference_ratio",
    "lathe_slice_reference_rows",
    ("slice",),
)


def list_compared(*, has_slices: bool) -> tuple[Compared, ...]:
    return (FEATURES, SCORE, *((SLICES,) if has_slices else ()))


def list_references(*, has_slices: bool) -> list[Record]:
    """Rows of the reference, and its share in each bin, none of them 0; `drift` says whether a feature may alert."""
    return [record for one in list_compared(has_slices=has_slices) for record in _list_reference(one)]


def _list_reference(compared: Compared) -> list[Record]:
    rows, share = compared.named("reference_rows", "last"), compared.named("reference_share", "last")
    ratio = f"{by((*compared.key, 'bin', 'drift'), 'max')} (last_over_time({compared.ratio}[{REMEMBERED}]))"
    row_key = (*MODEL, *compared.row_labels)
    smoothed = f"({ratio} * {on(row_key, group=True)} {rows} + {SMOOTHING})"
    total = f"{by(compared.key)} {smoothed}"
    return [
        Record(record=rows, expr=f"{by(row_key, 'max')} (last_over_time({compared.rows}[{REMEMBERED}]))"),
        Record(record=share, expr=f"{smoothed}\n/ {on(compared.key, group=True)}\n{total}"),
    ]


def list_indexes(compared: Compared, window: str) -> list[Record]:
    """Rows of a window by bin and in all, index, bias, standard error and both ends; nothing below the fewest rows.

    With q = a / r, a and r being the live and the reference share of a bin:
    psi = sum of r (q - 1) ln q, g = ln q + 1 - 1 / q under a, h = 1 - ln q - q under r.
    """

    def name(what: str) -> str:
        return compared.named(what, window)

    share, reference_rows = compared.named("reference_share", "last"), compared.named("reference_rows", "last")
    counts, quotient, spread = f"lathe:{compared.name}_rows:sum{window}", name("share_quotient"), name("inverse_rows")
    key, row_key = compared.key, (*MODEL, *compared.row_labels)
    whole = by((*key, "drift"))
    free = f"({by((*key, 'drift'), 'count')} ({share}) - 1)"
    psi, bias, standard_error = name("psi"), name("psi_bias"), name("psi_standard_error")
    shift = f"{Z} * {standard_error}"
    return [
        Record(record=counts, expr=f"sum without ({HASH}) (sum_over_time(lathe:{compared.name}_rows:step[{window}]))"),
        Record(record=name("total_rows"), expr=f"{by(key)} ({counts})"),
        Record(
            record=spread,
            expr=f"1 / ({name('total_rows')} >= {FEWEST_ROWS}) + {on(row_key, group=True)} (1 / {reference_rows})",
        ),
        Record(
            record=quotient,
            expr=f"""\
(({counts} + {SMOOTHING}) / {on(key, group=True)} {by(key)} ({counts} + {SMOOTHING}))
/ {on((*key, "bin"), group=True, copied="drift")} {share}""",
        ),
        Record(
            record=psi,
            expr=f"{whole} ({share} * ({quotient} - 1) * ln({quotient}))\nand {on(key)} {spread}",
        ),
        Record(record=bias, expr=f"{free} * {on(key, group=True)} {spread}"),
        Record(record=standard_error, expr=_find_error(compared, window, free)),
        Record(record=name("psi_low"), expr=f"{psi} - {bias} - {shift}"),
        Record(record=name("psi_high"), expr=f"{psi} - {bias} + {shift}"),
    ]


def _find_error(compared: Compared, window: str, free: str) -> str:
    """The index's standard error; `free` is its degrees of freedom, bins less one."""
    share, quotient = compared.named("reference_share", "last"), compared.named("share_quotient", window)
    key, row_key = compared.key, (*MODEL, *compared.row_labels)
    whole = by((*key, "drift"))
    live_variance = _variance(whole, f"{quotient} * {share}", f"(ln({quotient}) + 1 - 1 / {quotient})")
    reference_variance = _variance(whole, share, f"(1 - ln({quotient}) - {quotient})")
    return f"""\
sqrt(
  {live_variance} / {on(key, group=True)} {compared.named("total_rows", window)}
  + {reference_variance} / {on(row_key, group=True)} {compared.named("reference_rows", "last")}
  + 2 * {free} * {on(key, group=True)} {compared.named("inverse_rows", window)}^2
)"""


def list_value_shares() -> list[Record]:
    """The share of values that are missing, undeclared or out of the training rows' range, with Wilson's interval."""
    key = FEATURES.key
    total = FEATURES.named("total_rows", HOUR)
    of_rows = f'{by(key)} (lathe:feature_rows:sum{HOUR}{{bin="missing"}})'
    hits = {
        "missing": of_rows,
        "unknown": _sum("unknown_categories", key),
        "out_of_range": _sum("out_of_range_rows", key),
    }
    return [
        record
        for name in VALUES
        for record in wilson(f"({hits[name]})", f"({total} and {on(key)} ({hits[name]}))", CONFIDENCE_Z).record(
            f"{name}_ratio", HOUR
        )
    ]


def _sum(name: str, key: tuple[str, ...]) -> str:
    return f"{by(key)} (sum_over_time(lathe:{name}:step[{HOUR}]))"


def _variance(whole: str, shares: str, values: str) -> str:
    """Of `values` under `shares`, which add up to 1."""
    square = f"{whole} ({shares} * {values}^2)"
    return f"clamp_min({square} - ({whole} ({shares} * {values}))^2, 0)"
