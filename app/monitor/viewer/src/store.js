// What stands in for Grafana's store of annotations, with the same address and the same parameters.
import { inSeconds } from './prometheus.js';

// events that have all of the tags (any of them, with matchAny), newest first
export async function askStore({ tags = [], limit = 100, matchAny = false }, range) {
  const query = new URLSearchParams({ limit, matchAny });
  if (range) {
    query.set('from', Math.round(inSeconds(range.from) * 1000));
    query.set('to', Math.round(inSeconds(range.to) * 1000));
  }
  for (const tag of tags) query.append('tags', tag);
  const answer = await fetch(`/api/annotations?${query}`);
  if (!answer.ok) throw new Error(`annotations: ${answer.status} ${answer.statusText}`);
  return answer.json();
}
