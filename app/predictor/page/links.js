// Links to what watches this model elsewhere, where the settings name it.

import { make } from "./dom.js";

const PLACES = [
  ["dashboards_url", "Dashboards"],
  ["reports_url", "Reports of the logged rows"],
];

// Fills `place` with the links that there are, and hides it if there are none.
export function showLinks(place, fleet) {
  const links = PLACES.filter(([name]) => fleet[name] !== null).map(([name, text]) =>
    make("a", { href: fleet[name], rel: "noopener noreferrer" }, text),
  );
  place.replaceChildren(...links.flatMap((link, index) => (index ? [" · ", link] : [link])));
  place.hidden = links.length === 0;
}
