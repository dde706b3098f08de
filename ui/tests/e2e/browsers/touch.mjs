/** The way of a finger over the screen, as browsers get it: an event for every hundred pixels at most. */

const maxStepPx = 100;

/** Returns the points after `from`. At the end the finger stays, so that the page doesn't scroll on when it is lifted. */
export function waypoints(from, to) {
  const steps = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / maxStepPx);
  const between = (part) => ({ x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part });
  return [...Array.from({ length: steps }, (_, step) => between((step + 1) / steps)), to, to];
}
