/** Data about processes from proc(5). */

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Returns the start time of a process in milliseconds since the Unix epoch, with the kernel's resolution of 10 ms. */
export async function startTimeOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const uptime = Number((await readFile("/proc/uptime", "utf8")).split(" ")[0]);
  return Date.now() - uptime * 1_000 + ticks * 10;
}

/** Returns a process, first, and all its descendants: `{ pid, name }`. */
export async function withDescendants(pid) {
  const { stdout } = await promisify(execFile)("ps", ["-e", "-o", "pid=,ppid=,comm="]);
  const all = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .map(([pid, parent, name]) => ({ pid: Number(pid), parent: Number(parent), name }));
  const processes = all.filter(({ pid: other }) => other === pid);
  for (const { pid: parent } of processes) processes.push(...all.filter((process) => process.parent === parent));
  return processes;
}

/** Returns the proportional set sizes in MiB: of all processes, of the first, and of WebKit's. */
export async function memoryOf(processes) {
  const sizes = await Promise.all(
    processes.map(async ({ pid }) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) / 1024;
    }),
  );
  const sizeOf = (prefix) =>
    sizes.filter((_, i) => processes[i].name.startsWith(prefix)).reduce((sum, size) => sum + size, 0);
  return {
    pss: sizes.reduce((sum, size) => sum + size, 0),
    own: sizes[0],
    web: sizeOf("WebKitWeb"),
    network: sizeOf("WebKitNetwork"),
  };
}
