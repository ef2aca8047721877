"""Panels of drift: per feature and per slice, each with its three verdicts."""

from app.monitor.dashboards.elements import About, PanelBuilder, lines, name_values, number, states
from app.monitor.dashboards.limits import colour_drift, read_objectives
from app.monitor.dashboards.tables import NumberColumn, grid
from app.monitor.dashboards.variables import OF_VERSIONS

SLICES = f'{OF_VERSIONS}, slice=~"$slice"'
VERDICTS = name_values({0: ("none", "green"), 1: ("unknown", "orange"), 2: ("drift", "red")})


def judge(series: str, selector: str, *by: str) -> str:
    """2 is drift, 0 none, 1 unknown: one of the three, also where a bound is NaN."""
    low, high = (f"max by ({', '.join(by)}) ({series}_{end}:$window{{{selector}}})" for end in ("low", "high"))
    limits = read_objectives().drift
    return f"1 + ({low} > bool {limits.warn}) - ({high} < bool {limits.retrain}) * ({low} <= bool {limits.warn})"


def show_features() -> list[PanelBuilder]:
    return [
        tabulate_features(),
        lines(
            About(
                "Least drift over time",
                "Lower bound of each feature's index: what is left when chance is taken off.",
                "short",
                "LatheDriftStrong",
            ),
            {"{{feature}}": f"lathe:feature_psi_low:$window{{{OF_VERSIONS}}}"},
            height=11,
            limits=colour_drift("transparent"),
            many=True,
            signed=True,
        ),
        states(
            About(
                "Verdicts over time",
                "The verdict of each feature, of the last $window each.",
                "short",
                "LatheDriftUnknown",
            ),
            {"{{feature}}": judge("lathe:feature_psi", OF_VERSIONS, "feature")},
            VERDICTS,
            width=24,
            height=9,
        ),
    ]


def tabulate_features() -> PanelBuilder:
    by, limits = ("feature", "drift"), read_objectives().drift
    psi, low, high = (
        f"max by (feature, drift) (lathe:feature_psi{end}:$window{{{OF_VERSIONS}}})" for end in ("", "_low", "_high")
    )
    columns = [
        NumberColumn("Verdict", judge("lathe:feature_psi", OF_VERSIONS, *by), mappings=VERDICTS, width=90),
        NumberColumn("PSI", psi, decimals=3, width=80),
        NumberColumn("at least", low, decimals=3, steps=colour_drift("green"), width=80),
        NumberColumn("at most", high, decimals=3, width=80),
        NumberColumn(
            "Rows",
            f"sum by (feature, drift) (lathe:feature_rows:sum$window{{{OF_VERSIONS}}})",
            decimals=0,
            width=80,
        ),
    ]
    about = About(
        "Drift of each feature",
        "Population stability index of the last $window against training, summed over all pods, with its interval of "
        f"three standard errors. Drift: at least {limits.warn}. None: at most {limits.retrain}. Else unknown: more "
        "rows will tell. `show` columns do not alert.",
        "short",
        "LatheDrift",
    )
    headers = {"feature": "Feature", "drift": "Alerts"}
    return grid(about, headers, columns, width=12, height=11, sort="at least", widths={"Alerts": 70})


def show_slices() -> list[PanelBuilder]:
    by = ("slice", "feature", "drift")
    names = ", ".join(by)
    low, high = (f"max by ({names}) (lathe:slice_feature_psi_{end}:$window{{{SLICES}}})" for end in ("low", "high"))
    columns = [
        NumberColumn("Verdict", judge("lathe:slice_feature_psi", SLICES, *by), mappings=VERDICTS, width=90),
        NumberColumn("at least", low, decimals=3, steps=colour_drift("green"), width=80),
        NumberColumn("at most", high, decimals=3, width=80),
    ]
    return [
        grid(
            About(
                "Drift within slices",
                "The same index within each chosen slice: one machine of twenty does not move the whole fleet's.",
                "short",
                "LatheSliceDrift",
            ),
            {"slice": "Slice", "feature": "Feature", "drift": "Alerts"},
            columns,
            width=12,
            height=11,
            sort="at least",
            widths={"Slice": 130, "Alerts": 70},
        ),
        lines(
            About("Rows of each slice", "Rows a second of each chosen slice.", "rowsps", "LatheSliceDrift"),
            {"{{slice}}": _slice_sum("rows")},
            width=6,
            height=11,
            many=True,
        ),
        lines(
            About("Mean score of each slice", "Expected share of positive rows.", "percentunit", "LatheSliceDrift"),
            {"{{slice}}": f"{_slice_sum('score_sum')} / {_slice_sum('rows')}"},
            width=6,
            height=11,
        ),
    ]


def _slice_sum(counter: str) -> str:
    return f'sum by (slice) (rate(lathe_slice_{counter}_total{{{OF_VERSIONS}, slice=~"$slice"}}[$__rate_interval]))'


def show_inputs() -> list[PanelBuilder]:
    """What a row brings that training did not have."""
    rows = f"sum(rate(lathe_predicted_rows_total{{{OF_VERSIONS}}}[$__rate_interval]))"
    missing = f'sum by (feature) (rate(lathe_feature_rows_total{{{OF_VERSIONS}, bin="missing"}}[$__rate_interval]))'
    outside = f"sum by (feature) (rate(lathe_out_of_range_rows_total{{{OF_VERSIONS}}}[$__rate_interval]))"
    unknown = f"sum by (feature) (rate(lathe_unknown_categories_total{{{OF_VERSIONS}}}[$__rate_interval]))"
    return [
        lines(
            About("Missing values", "Share of rows without a value, by feature.", "percentunit", "LatheMissingValues"),
            {"{{feature}}": f"{missing} / on () group_left () {rows}"},
            many=True,
            width=8,
        ),
        lines(
            About(
                "Outside the range of training",
                "Share of rows: the model extrapolates.",
                "percentunit",
                "LatheOutOfRange",
            ),
            {"{{feature}}": f"{outside} / on () group_left () {rows}"},
            many=True,
            width=8,
        ),
        lines(
            About(
                "Unknown categories",
                "Share of rows whose category training did not have.",
                "percentunit",
                "LatheUnknownCategories",
            ),
            {"{{feature}}": f"{unknown} / on () group_left () {rows}"},
            many=True,
            width=8,
        ),
    ]


def count_verdicts() -> list[PanelBuilder]:
    low = f'lathe:feature_psi_low:$window{{{OF_VERSIONS}, drift="alert"}}'
    verdict = judge("lathe:feature_psi", f'{OF_VERSIONS}, drift="alert"', "feature")
    return [
        number(
            About(
                "Features with drift",
                "Features that alert whose lower bound is above the limit.",
                "short",
                "LatheDrift",
            ),
            f"count({low} > {read_objectives().drift.warn}) or vector(0)",
            steps=[(None, "green"), (1, "red")],
        ),
        number(
            About("Undecided features", "Too few rows to say drift or none.", "short", "LatheDriftUnknown"),
            f"count(({verdict}) == 1) or vector(0)",
            steps=[(None, "green"), (1, "orange")],
        ),
    ]
