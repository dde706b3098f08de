/** Steps in which the connection is lost. It comes back after some more steps. */

/** Ends the connection, and lets no new one be made. */
export async function cut(walk, random) {
  if (!walk.isConnected) return "offline";
  walk.world.link.cut();
  walk.outage = { steps: random.between(1, 8), end: () => restores(walk) };
  return `for ${walk.outage.steps} steps`;
}

/** Lets nothing arrive any more, without a sign of it. */
export async function freeze(walk, random) {
  if (!walk.isConnected) return "offline";
  walk.world.link.freeze();
  walk.outage = { steps: random.between(1, 4), end: () => restores(walk) };
  return `for ${walk.outage.steps} steps`;
}

/** Stops the server, in order or at once, and starts it again later. */
export async function restart(walk, random) {
  if (!walk.isConnected) return "offline";
  const { server } = walk.world;
  await server.stop(random.of(["SIGTERM", "SIGKILL"]));
  const end = async () => {
    await server.start();
    await walk.ben.connects();
  };
  walk.outage = { steps: random.between(1, 5), end, isServerDown: true };
  return `for ${walk.outage.steps} steps`;
}

/** Brings the connection back, as the browser reports it to the page. */
async function restores(walk) {
  walk.world.link.restore();
  await walk.view.tab.evaluate(() => void dispatchEvent(new Event("online")));
}
