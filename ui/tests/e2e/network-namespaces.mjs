/**
 * Two hosts on a network of their own, made of network namespaces (Linux, root, iproute2). Each has one interface with one
 * address. Neither has access to the network of the machine.
 */

import { execFileSync } from "node:child_process";

const ip = (line) => execFileSync("ip", line.split(" "), { stdio: ["ignore", "pipe", "pipe"] });

/** The reason to skip tests that need network namespaces, or `false`. */
export const namespacesUnavailable = (() => {
  const name = `ichat-${process.pid}-try`;
  try {
    ip(`netns add ${name}`);
    ip(`netns del ${name}`);
    return false;
  } catch (error) {
    return `network namespaces need Linux and root (${String(error.message).split("\n")[0]})`;
  }
})();

let networks = 0;

/**
 * @returns {{ first: Host, second: Host, connect: () => void, disconnect: () => void, remove: () => void }} `disconnect`
 *   takes the first host's cable and address away, `connect` gives them back
 * @typedef {{ netns: string, address: string }} Host
 */
export function createTwoHosts() {
  const number = networks++;
  const hosts = ["first", "second"].map((name, index) => ({
    netns: `ichat-${process.pid}-${number}-${name}`,
    address: `10.78.0.${index + 1}`,
  }));
  const [first, second] = hosts;
  const remove = () => {
    // Deleting a namespace also deletes both ends of its virtual cable.
    for (const { netns } of hosts) {
      try {
        ip(`netns del ${netns}`);
      } catch {
        // It was not created.
      }
    }
  };
  try {
    for (const { netns } of hosts) ip(`netns add ${netns}`);
    ip(`link add eth0 netns ${first.netns} type veth peer name eth0 netns ${second.netns}`);
    for (const { netns, address } of hosts) {
      ip(`-n ${netns} link set lo up`);
      ip(`-n ${netns} addr add ${address}/24 dev eth0`);
      ip(`-n ${netns} link set eth0 up`);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const inFirst = (line) => ip(`-n ${first.netns} ${line} dev eth0`);
  const disconnect = () => {
    inFirst(`addr del ${first.address}/24`);
    ip(`-n ${first.netns} link set eth0 down`);
  };
  const connect = () => {
    inFirst(`addr add ${first.address}/24`);
    ip(`-n ${first.netns} link set eth0 up`);
  };
  return { first, second, connect, disconnect, remove };
}
