/** Programs of the system that tests use. */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

export function isInstalled(program) {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Returns the ids of the processes that draw the page of the app with this id. */
export function pageProcesses(app) {
  // `ps` fails if there is none.
  const { stdout } = spawnSync("ps", ["-o", "pid=,comm=", "--ppid", String(app)], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => line.includes("WebKitWebProces"))
    .map((line) => Number.parseInt(line, 10));
}

/** Returns whether a process that draws a page has connected to its app: it has WebKit's thread for that. */
export function isConnectedPage(pid) {
  const threads = `/proc/${pid}/task`;
  try {
    return readdirSync(threads).some((id) => readFileSync(`${threads}/${id}/comm`, "utf8").trim() === "ReceiveQueue");
  } catch {
    return false; // It has ended.
  }
}
