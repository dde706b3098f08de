/**
 * Two computers and the cable between them, played by network namespaces (Linux, root, iproute2). Each has one card with one
 * address, and knows nothing of the network of the machine that plays them.
 */

import { execFileSync } from "node:child_process";

const ip = (line) => execFileSync("ip", line.split(" "), { stdio: ["ignore", "pipe", "pipe"] });

/** Why there can be none, for `{ skip }`. */
export const noNamespaces = (() => {
  const name = `ichat-${process.pid}-try`;
  try {
    ip(`netns add ${name}`);
    ip(`netns del ${name}`);
    return false;
  } catch (error) {
    return `network namespaces can't be made here, they take Linux and root (${String(error.message).split("\n")[0]})`;
  }
})();

let made = 0;

/**
 * @returns {{ host: Computer, guest: Computer, remove: () => void }}
 * @typedef {{ netns: string, address: string }} Computer
 */
export function twoComputers() {
  const number = made++;
  const computers = ["host", "guest"].map((role, index) => ({
    netns: `ichat-${process.pid}-${number}-${role}`,
    address: `10.78.0.${index + 1}`,
  }));
  const [host, guest] = computers;
  const remove = () => {
    // With a namespace goes its end of the cable, and with that the other end.
    for (const { netns } of computers) {
      try {
        ip(`netns del ${netns}`);
      } catch {
        // It was not made.
      }
    }
  };
  try {
    for (const { netns } of computers) ip(`netns add ${netns}`);
    ip(`link add eth0 netns ${host.netns} type veth peer name eth0 netns ${guest.netns}`);
    for (const { netns, address } of computers) {
      ip(`-n ${netns} link set lo up`);
      ip(`-n ${netns} addr add ${address}/24 dev eth0`);
      ip(`-n ${netns} link set eth0 up`);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { host, guest, remove };
}
