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
