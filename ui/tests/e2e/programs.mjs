/** Programs of the system that tests use. */

import { execFileSync } from "node:child_process";

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
  const listed = execFileSync("ps", ["-o", "pid=,comm=", "--ppid", String(app)], { encoding: "utf8" });
  return listed
    .split("\n")
    .filter((line) => line.includes("WebKitWebProces"))
    .map((line) => Number.parseInt(line, 10));
}
