// Was it right? What really happened, sent back with the answer's receipt.

import { postJson } from "./api.js";
import { find, make, show } from "./dom.js";
import { label } from "./words.js";

// Offers to tell the outcome of an answer that came with a receipt.
export function offerFeedback(card, prediction) {
  const place = find("feedback");
  place.hidden = true;
  if (!prediction.receipt) return;
  const trouble = make("p", { class: "error", role: "alert" });
  const send = async (outcome) => {
    try {
      const {
        feedback: [entry],
      } = await postJson("/v1/feedback", { receipt: prediction.receipt, outcome });
      const thanks = make("p", { class: "asks", tabindex: "-1" }, thank(entry));
      show(place, thanks);
      thanks.focus(); // the button that had it is gone, and a reader reads what has it
    } catch (error) {
      trouble.textContent = error.message;
    }
  };
  show(place, card.schema.task === "binary" ? askEvent(card, send) : askNumber(card, send), trouble);
}

// `outcome` is one of a confusion matrix, such as `true_negative`, or `undecided`.
function thank({ decision, outcome, duplicate }) {
  if (duplicate) return "This was noted before.";
  if (decision === null) return "Thank you, noted.";
  return `Thank you, noted: the decision was ${outcome.startsWith("true_") ? "right" : "wrong"}.`;
}

function askEvent(card, send) {
  const choice = (text, outcome) =>
    make("button", { type: "button", class: "quiet small", onclick: () => send(outcome) }, text);
  return make(
    "div",
    { class: "asks", role: "group", "aria-labelledby": "feedback-question" },
    make("strong", { id: "feedback-question" }, `What really happened? ${card.schema.target.description}:`),
    choice("Yes, it did", true),
    choice("No, it did not", false),
  );
}

function askNumber(card, send) {
  const { target } = card.schema;
  const input = make("input", { type: "number", step: "any", id: "feedback-value", required: true });
  const form = make(
    "form",
    { class: "asks" },
    make(
      "label",
      { for: "feedback-value" },
      `What was it really? ${label(target)}${target.unit ? ` in ${target.unit}` : ""}`,
    ),
    input,
    make("button", { type: "submit", class: "quiet small" }, "Send"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(Number(input.value));
  });
  return form;
}
