"""What a person chooses above the panels, and how queries select by it."""

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from app.monitor.dashboards.elements import SOURCE

ALL = dashboard.VariableOption(text="All", value="$__all")

# an environment is a namespace, which the scrape adds to every series and the rules keep
IN_ENVIRONMENT = 'namespace="$environment"'
OF_MODEL = f'{IN_ENVIRONMENT}, model_name="$model"'
OF_VERSIONS = f'{OF_MODEL}, model_version=~"$version"'

WINDOWS = ("15m", "1h", "6h", "24h")  # of the recording rules
USUAL_WINDOW = "1h"

Variable = Builder[dashboard.VariableModel]


def choose_source() -> Variable:
    return build.DatasourceVariable("datasource").label("Data source").type("prometheus")


def choose_environment() -> Variable:
    return _choose("environment", "Environment", "label_values(lathe_ready, namespace)")


def choose_model() -> Variable:
    return _choose("model", "Model", f"label_values(lathe_model_info{{{IN_ENVIRONMENT}}}, model_name)")


def choose_versions() -> Variable:
    """Any number of versions."""
    return _choose_version().multi(True).include_all(True).all_value(".*").current(ALL)


def choose_version() -> Variable:
    """One version: the one that was trained last, unless another is chosen. A version's name has no order."""
    in_range = "max by (model_version) (last_over_time({}{{" + OF_MODEL + "}}[$__range]))"
    trained, served = map(in_range.format, ("lathe_model_trained_timestamp_seconds", "lathe_model_info"))
    query = f"query_result(sort_desc({trained} or 0 * {served}))"
    variable = _choose("version", "Version", query).regex('/model_version="([^"]+)"/')
    return variable.sort(dashboard.VariableSort.DISABLED)


def choose_slices() -> Variable:
    variable = _choose("slice", "Slice", f"label_values(lathe_slice_reference_rows{{{OF_VERSIONS}}}, slice)")
    return variable.multi(True).include_all(True).all_value(".*").current(ALL)


def choose_window() -> Variable:
    usual = dashboard.VariableOption(text=USUAL_WINDOW, value=USUAL_WINDOW)
    return build.CustomVariable("window").label("Window").values(",".join(WINDOWS)).current(usual)


def _choose_version() -> build.QueryVariable:
    return _choose("version", "Version", f"label_values(lathe_model_info{{{OF_MODEL}}}, model_version)")


def _choose(name: str, label: str, query: str) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
