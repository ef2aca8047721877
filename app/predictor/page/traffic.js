// The fourth view: this process's own counters, read again every few seconds while somebody looks.

import { call, getJson } from "./api.js";
import { describeDrift, FEWEST_ROWS, measureDrift } from "./drift.js";
import { find, make, table, tiles } from "./dom.js";
import { showLinks } from "./links.js";
import { outcomesCard } from "./outcomes.js";
import { parseMetrics, parseValue, quantile, samples, sum, sumBy } from "./prometheus.js";
import { count, label, number, percent, plural, scoreWords, seconds } from "./words.js";

const EVERY_MILLISECONDS = 5000;

export function startTraffic(card) {
  const view = { visible: false, paused: false, timer: null, last: null };
  const refresh = async () => {
    clearTimeout(view.timer);
    if (!view.visible || view.paused) return;
    await readTraffic(card, view);
    clearTimeout(view.timer);
    view.timer = setTimeout(refresh, EVERY_MILLISECONDS);
  };
  find("traffic-pause").addEventListener("click", ({ currentTarget }) => {
    view.paused = !view.paused;
    currentTarget.setAttribute("aria-pressed", String(view.paused));
    refresh();
  });
  return {
    setVisible(visible) {
      view.visible = visible;
      refresh();
    },
  };
}

// The fleet's counters where a Prometheus has them, else this process's own; `source` says whose they are.
async function readCounters(fleet) {
  if (fleet.metrics !== null) {
    const source = `Sums over ${plural(fleet.replicas, "replica")} since each started, as Prometheus last read them.`;
    return { text: fleet.metrics, source, place: "all replicas" };
  }
  const text = await (await call("/metrics", { accept: "text/plain" })).text();
  const why = fleet.trouble === null ? "Prometheus adds up the replicas" : fleet.trouble;
  return { text, source: `Counters of this one process since it started; ${why}.`, place: "this process" };
}

async function readTraffic(card, view) {
  let counters;
  try {
    const fleet = await getJson("/page/fleet.json");
    showLinks(find("traffic-links"), fleet);
    counters = await readCounters(fleet);
  } catch (error) {
    const elsewhere =
      error.status === 404 ? "The metrics are served on a port of their own, for Prometheus alone." : error.message;
    find("traffic-body").replaceChildren(make("p", { class: "notice" }, elsewhere));
    return;
  }
  const { text, source, place } = counters;
  find("traffic-source").textContent = source;
  const metrics = parseMetrics(text);
  const now = { at: performance.now(), place, requests: sum(sumBy(metrics, "lathe_requests_total", "code").values()) };
  const before = view.last?.place === place ? view.last : null;
  const rate = before ? (now.requests - before.requests) / ((now.at - before.at) / 1000) : null;
  view.last = now;
  find("traffic-time").textContent =
    `Read at ${new Date().toLocaleTimeString("en-GB")}, again every ${EVERY_MILLISECONDS / 1000} s`;
  keepScroll(() =>
    find("traffic-body").replaceChildren(
      tiles(figures(card, metrics, rate)),
      driftCard(card, metrics),
      outcomesCard(card, metrics, place),
      routesCard(metrics),
      refusedCard(metrics),
    ),
  );
}

// The same place stays in sight, and what has the focus keeps it, when the tables are made anew.
function keepScroll(change) {
  const regions = () => [...find("traffic-body").querySelectorAll(".scroll")];
  const places = regions().map((region) => [region.scrollLeft, region === document.activeElement]);
  change();
  regions().forEach((region, index) => {
    const [left, hadFocus] = places[index] ?? [0, false];
    region.scrollLeft = left;
    if (hadFocus) region.focus({ preventScroll: true });
  });
}

const isError = (code) => Number(code) >= 400;

function figures(card, metrics, rate) {
  const codes = [...sumBy(metrics, "lathe_requests_total", "code")];
  const requests = sum(codes.map(([, value]) => value));
  const errors = sum(codes.filter(([code]) => isError(code)).map(([, value]) => value));
  const decisions = sumBy(metrics, "lathe_predicted_rows_total", "decision");
  const rows = sum(decisions.values());
  const predict = bucketsOf(metrics, "/v1/predict");
  const found = [
    ["Requests", count(requests), rate === null ? "" : `${number(Number(rate.toPrecision(2)))} a second now`],
    ["Errors", count(errors), requests ? `${percent(errors / requests)} of requests` : ""],
    ["Latency, median", seconds(quantile(predict, 0.5)), "of /v1/predict"],
    ["Latency, 99 %", seconds(quantile(predict, 0.99)), "of /v1/predict"],
    ["Rows scored", count(rows), ""],
  ];
  if (card.threshold !== null) {
    const atRisk = decisions.get("true") ?? 0;
    found.push([scoreWords(card).decided, count(atRisk), rows ? `${percent(atRisk / rows)} of rows` : ""]);
  }
  return found;
}

function bucketsOf(metrics, route) {
  return samples(metrics, "lathe_request_duration_seconds_bucket")
    .filter(({ labels }) => labels.route === route)
    .map(({ labels, value }) => ({ bound: parseValue(labels.le), count: value }));
}

function routesCard(metrics) {
  const routes = new Map();
  for (const { labels, value } of samples(metrics, "lathe_requests_total")) {
    const counted = routes.get(labels.route) ?? { requests: 0, errors: 0 };
    counted.requests += value;
    if (isError(labels.code)) counted.errors += value;
    routes.set(labels.route, counted);
  }
  const rows = [...routes]
    .filter(([, counted]) => counted.requests > 0)
    .sort((one, other) => other[1].requests - one[1].requests)
    .map(([route, counted]) => {
      const buckets = bucketsOf(metrics, route);
      return [
        route,
        count(counted.requests),
        count(counted.errors),
        seconds(quantile(buckets, 0.5)),
        seconds(quantile(buckets, 0.99)),
      ];
    });
  return make(
    "section",
    { class: "card" },
    make("h2", {}, "Requests"),
    table(
      "Since the start; latencies are read off the histogram's buckets",
      ["route", "requests", "errors", "median", "99 %"],
      rows,
      [1, 2, 3, 4],
    ),
  );
}

function driftCard(card, metrics) {
  const known = [...card.schema.columns, ...card.schema.derived];
  const measured = measureDrift(metrics);
  const seen = Math.max(...measured.map(({ index }) => index.rows), 0);
  const rows = measured.map(({ feature, use, index }) => {
    const source = known.find(({ name }) => name === feature);
    const { word, kind } = describeDrift(index);
    return [
      feature === null ? `${scoreWords(card).name} (the score)` : label(source ?? { name: feature }),
      make("span", { class: `badge ${kind}` }, word),
      index.rows < FEWEST_ROWS ? "–" : Math.max(index.corrected, 0).toFixed(3),
      use === "show" ? "shown only" : use === "alert" ? "alerts" : "",
    ];
  });
  return make(
    "section",
    { class: "card" },
    make("h2", {}, "Drift"),
    table(
      `Population stability index of ${plural(seen, "row")} against those of training, corrected for chance`,
      ["feature", "", "index", "use"],
      rows,
      [2],
    ),
    make(
      "p",
      { class: "hint" },
      `Surely below 0.1 is steady, surely above 0.25 it has moved far. Below ${plural(FEWEST_ROWS, "row")} nothing is said.`,
    ),
  );
}

function refusedCard(metrics) {
  const rows = [
    ...sumBy(metrics, "lathe_rejected_requests_total", "reason"),
    ...sumBy(metrics, "lathe_shed_requests_total", "reason"),
  ]
    .filter(([, value]) => value > 0)
    .sort((one, other) => other[1] - one[1])
    .map(([reason, value]) => [reason, count(value)]);
  if (rows.length === 0) return "";
  return make(
    "section",
    { class: "card" },
    make("h2", {}, "Refused requests"),
    table("By the code of the error", ["reason", "requests"], rows, [1]),
  );
}
