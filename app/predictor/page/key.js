// The API key: asked for when the server wants one, kept for this tab only.

import { find } from "./dom.js";

const NAME = "lathe-api-key";
let asking = null;

export const readKey = () => sessionStorage.getItem(NAME);

function nameButton() {
  find("key-button").textContent = readKey() ? "API key is set" : "API key";
}

// Whether the person gave a key; questions asked at the same time share one dialog.
export function askForKey(reason) {
  asking ??= open(reason).finally(() => {
    asking = null;
  });
  return asking;
}

function open(reason) {
  const dialog = find("key-dialog");
  if (reason)
    find("key-reason").textContent = `${reason} The key stays in this tab and goes nowhere but to this server.`;
  find("key").value = "";
  dialog.returnValue = "cancel";
  dialog.showModal();
  find("key").focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(take(dialog.returnValue)), { once: true });
  });
}

function take(choice) {
  const given = find("key").value.trim();
  find("key").value = "";
  if (choice === "forget") sessionStorage.removeItem(NAME);
  if (choice === "use" && given) sessionStorage.setItem(NAME, given);
  nameButton();
  return choice === "use" && given !== "";
}

export function startKey() {
  nameButton();
  find("key-button").addEventListener("click", () => askForKey(""));
}
