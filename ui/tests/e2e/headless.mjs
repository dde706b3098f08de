/** The server without a window, on a computer of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "../foreign/server.mjs";

/** Listens on the usual port, and announces itself on the network. */
export async function hostsWithoutWindow(computer, name) {
  const data = await mkdtemp(join(tmpdir(), "ichat-headless-"));
  const options = ["--data", data, "--name", name];
  const server = spawn("ip", ["netns", "exec", computer.netns, program, ...options], { stdio: "ignore" });
  return {
    address: `${computer.address}:4242`,
    async remove() {
      if (server.kill("SIGKILL")) await once(server, "exit");
      await rm(data, { recursive: true, force: true });
    },
  };
}
