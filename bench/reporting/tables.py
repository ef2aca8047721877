"""Results as Markdown: the table of systems, the claims, and how it was measured."""

from collections.abc import Iterable, Sequence

from bench.reporting.claims import Claim, check_claims
from bench.reporting.results import Results
from bench.reporting.summary import Figures, of_kind, ratio_to_best, summarise

NONE = "—"


def render_markdown(results: Results) -> str:
    """The whole report; a system that failed stands at the end with its reason."""
    figures = summarise(results)
    parts = [
        "# Serving: Lathe beside its peers, measured on one machine",
        _describe_run(results),
        render_figures(figures, results.settings.connections),
        _describe_calls(results),
        render_costs(results.path_costs_us),
        "## What is promised",
        _describe_peers(figures),
        render_claims(check_claims(figures)) or "Lathe did not run.",
        "## How to read it",
        _notes(results),
    ]
    if results.failures:
        parts += ["## Failed", *(f"- **{one.system}**: {one.message}" for one in results.failures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def render_figures(figures: list[Figures], connections: Sequence[int]) -> str:
    keys = [str(one) for one in connections]
    header = [
        "system",
        f"requests/s at {' / '.join(keys)} connections",
        f"÷ best peer at {' / '.join(keys)}",
        "p50 / p99 ms at 16",
        "CPU µs a row",
        "cold start s",
        "RSS MiB",
        "1,000-row batch, rows/s",
        "CPU ms a batch",
        "environment MB",
    ]
    return render_table(header, (_figures_row(one, figures, keys) for one in figures))


def _figures_row(one: Figures, figures: list[Figures], keys: list[str]) -> list[str]:
    batches = [f"{rate:,.0f} ({form})" for form, rate in one.batch_rows_per_second.items()]
    title = {"lathe": f"**{one.entry.title}**", "ceiling": f"*{one.entry.title}*"}.get(one.entry.kind, one.entry.title)
    return [
        title,
        " / ".join(f"{one.requests_per_second[key]:,.0f}" for key in keys),
        " / ".join(_number(ratio_to_best(one, figures, key), ".2f") for key in keys),
        f"{one.p50_ms['16']:.2f} / {one.p99_ms['16']:.2f}",
        f"{one.cpu_us:,.0f}",
        f"{one.cold_start_seconds:.2f}",
        f"{one.resident_bytes / 2**20:,.0f}",
        ", ".join(batches) or NONE,
        ", ".join(f"{cpu / 1000:.1f}" for cpu in one.batch_cpu_us.values()) or NONE,
        f"{one.entry.environment_bytes / 1e6:,.0f}",
    ]


def _describe_peers(figures: list[Figures]) -> str:
    peers = ", ".join(one.entry.title for one in of_kind(figures, "peer"))
    return f"Held against the peers of this run only: {peers or 'none'}."


def render_claims(claims: list[Claim]) -> str:
    """Empty without claims."""
    if not claims:
        return ""
    words = {True: "holds", False: "**does not hold**", None: "not measured in this run"}
    rows = [
        [claim.text, f"{claim.direction} {claim.bound:g}", _number(claim.found, ".2f"), words[claim.holds]]
        for claim in claims
    ]
    return render_table(["promise", "bound", "found", ""], rows)


def _number(value: float | None, form: str) -> str:
    return NONE if value is None else format(value, form)


def _describe_run(results: Results) -> str:
    machine, settings = results.machine, results.settings
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gib:g} GiB, Linux {machine.kernel}, "
        f"Python {machine.python}; {machine.measured_at}, revision {machine.revision}, load average "
        f"{machine.load_average:g} at the start. Form `{settings.form}`: {settings.rounds} interleaved rounds, "
        f"medians, {settings.seconds} s a load. Model: {settings.bundle}, {settings.trees} trees."
    )


def _describe_calls(results: Results) -> str:
    rows = [[name, f"{value:,.1f}"] for name, value in results.model_calls_us.items()]
    return render_table(["*the bare model call, without a server*", "µs"], rows)


def render_costs(costs: dict[str, float]) -> str:
    """What each feature of Lathe's path costs a row; empty without costs."""
    if not costs:
        return ""
    rows = [[name, f"{value:,.1f}"] for name, value in costs.items()]
    about = (
        "Processor time of Lathe's own path without a socket: the whole, from the request's headers and body to the "
        "bytes of the answer, what each feature adds to it (measured by leaving it out, alone), and with a plus what "
        "comes on top. Values within a microsecond of zero are below what a shared machine can tell."
    )
    return f"{about}\n\n{render_table(['*one row through the path*', 'µs'], rows)}"


def _notes(results: Results) -> str:
    worst = max((run.worst_difference for run in results.runs), default=0.0)
    notes = [
        "wrk with one thread on the same cores as the servers: read the ratios, not the absolute figures.",
        "1,000 different rows in turn, JSON over loopback, keep-alive. Each run starts the server anew.",
        f"Scores compared with the bundle's before each timing; the largest difference was {worst:.1g}.",
        "Peers are handed the finished feature vector and answer the model's raw probability; Lathe is sent the raw "
        "fields, validates them, derives the features and calibrates. For the comparison, the bundle's slope and "
        "intercept are applied to the peers' answers outside the timed part.",
        "Cold start: from the start of the process to the first 200 on its predict route. RSS: after the loads of "
        "single rows, summed over the server's processes. CPU: user and system time of all its processes.",
        f"Batches: {results.settings.batch_rows:,} rows in one request, {results.settings.batch_connections} "
        "connections.",
        "Every environment has xgboost-cpu in place of the plain xgboost wheel, whose CUDA library alone is "
        "some 700 MB: the peers' own users carry it. Sizes without compiled bytecode, test folders and type stubs.",
    ]
    return "\n".join(f"- {note}" for note in notes)
