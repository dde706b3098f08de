/** The movement of the timeline, for the view of a page: `view-script.mjs` runs this after itself. */
export function installMovement() {
  /** The frames without a change after which the timeline is at rest. */
  const framesAtRest = 8;
  /** The time at the top of what is loaded after which nothing more will come. */
  const maxWaitMs = 60_000;
  /** The beginning of the movements that are described. */
  const maxDescribed = 20;

  const timeline = () => document.querySelector("[role=log]");
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** Resolves after the page has been painted. */
  const painted = () => frame().then(() => new Promise((resolve) => setTimeout(resolve)));

  /** Returns the lower edges of all rows of the timeline, by their keys, and the keys of those in sight. */
  function positions(log) {
    const { top, bottom } = log.getBoundingClientRect();
    const rows = [...log.querySelectorAll("article[data-key]")];
    const rects = rows.map((row) => [row.dataset.key, row.getBoundingClientRect()]);
    const inSight = rects.filter(([, rect]) => rect.bottom > top && rect.top < bottom);
    // The lower edges, because a row may lose its header when older rows are added above it.
    return { all: new Map(rects.map(([key, rect]) => [key, rect.bottom - top])), inSight: inSight.map(([key]) => key) };
  }

  let watched;

  async function watch(movement) {
    const log = timeline();
    for (let before = positions(log); watched === movement;) {
      await painted();
      const now = positions(log);
      const key = before.inSight.find((candidate) => now.all.has(candidate));
      const moved = key === undefined ? 0 : now.all.get(key) - before.all.get(key);
      if (key === undefined) movement.lost += 1;
      else movement[moved < 0 ? "up" : "down"] += Math.abs(moved);
      if (moved !== 0)
        movement.frames.push(`${Math.round(moved)} at ${Math.round(log.scrollTop)} of ${log.scrollHeight}`);
      before = now;
    }
  }

  Object.assign(globalThis.ichatView, {
    /** Watches from now on how the rows move from frame to frame. */
    watchRows() {
      watched = { up: 0, down: 0, lost: 0, frames: [] };
      void watch(watched);
    },

    /**
     * Returns how the rows have moved since `watchRows`: up and down in pixels, how often none of those in sight was there in the
     * next frame, and a description of the first frames.
     */
    movement() {
      const { up, down, lost, frames } = watched;
      watched = undefined;
      return { up: Math.round(up), down: Math.round(down), lost, frames: frames.slice(0, maxDescribed).join("; ") };
    },

    /** Returns after the timeline has not moved and not changed its size for some frames. */
    async rests() {
      const log = timeline();
      const state = () => [log.scrollTop, log.scrollHeight, log.clientHeight].join();
      for (let still = 0, before = state(); still < framesAtRest;) {
        await painted();
        const now = state();
        still = now === before ? still + 1 : 0;
        before = now;
      }
      return true;
    },

    /** Scrolls to the room's first message in small steps. Returns the steps after which the rows hadn't moved by as much. */
    async scrollToTop() {
      const log = timeline();
      const found = { jumps: [], rows: 0, elements: 0, steps: 0 };
      for (let movedAt = Date.now(); Date.now() - movedAt < maxWaitMs; found.steps++) {
        const before = positions(log);
        const [key] = before.inSight;
        const distance = Math.min(log.clientHeight * 2, log.scrollTop);
        log.scrollBy({ top: -distance, behavior: "instant" });
        await frame();
        await frame();
        const moved = (positions(log).all.get(key) ?? Number.NaN) - before.all.get(key);
        if (!(Math.abs(moved - distance) <= 2))
          found.jumps.push(`step ${found.steps}: ${moved} px, not ${distance} px`);
        found.rows = Math.max(found.rows, before.all.size);
        found.elements = Math.max(found.elements, document.querySelectorAll("*").length);
        if (distance > 0) movedAt = Date.now();
        // Older rows that have just come keep what is in sight in its place, which is then no longer the top.
        if (distance === 0 && log.scrollTop === 0 && log.innerText.includes("This is where it begins.")) break;
      }
      return found;
    },
  });
}
