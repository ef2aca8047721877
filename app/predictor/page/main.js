// The page's start: the model's card, then one view at a time by the address after #.

import { getJson } from "./api.js";
import { startBatch } from "./batch.js";
import { showCard } from "./card.js";
import { find } from "./dom.js";
import { startKey } from "./key.js";
import { showLinks } from "./links.js";
import { startPredict } from "./predict.js";
import { startTraffic } from "./traffic.js";

const VIEWS = ["predict", "batch", "model", "traffic"];
const RETRY_MILLISECONDS = 2000;
let traffic = null;

function chosenView() {
  const wanted = location.hash.slice(1);
  return VIEWS.includes(wanted) ? wanted : VIEWS[0];
}

function showView(focus) {
  const chosen = chosenView();
  for (const view of VIEWS) find(`view-${view}`).hidden = view !== chosen;
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.hash === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = find(`${chosen}-title`);
  document.title = `${title.textContent} · Lathe`;
  traffic?.setVisible(chosen === "traffic");
  if (focus) {
    title.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

async function readCard() {
  for (;;) {
    try {
      return await getJson("/v1/model");
    } catch (error) {
      find("trouble").textContent = `The model is not there yet: ${error.message} Trying again.`;
      find("trouble").hidden = false;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }
}

async function start() {
  startKey();
  showView(false);
  addEventListener("hashchange", () => showView(true));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # belongs to the views
    find("main").focus();
  });
  const card = await readCard();
  find("trouble").hidden = true;
  find("brand-model").textContent = card.name;
  find("served").textContent = `${card.name} ${card.version}`;
  startPredict(card);
  startBatch(card);
  showCard(card);
  getJson("/page/fleet.json").then(
    (fleet) => showLinks(find("model-links"), fleet),
    () => {}, // the links alone are missing then
  );
  traffic = startTraffic(card);
  showView(false);
  document.body.dataset.ready = "true";
}

start();
