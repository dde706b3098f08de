/** The options of the benchmarks. `cargo xtask bench` passes `--quick` and `--rounds`. */

export const quick = process.argv.includes("--quick");
/** The number of times that each case is measured. */
export const rounds = numberOf("rounds") ?? (quick ? 1 : 5);
/** The number of entries that a browser misses. */
export const missed = numberOf("missed") ?? 10_000;

function numberOf(name) {
  const prefix = `--${name}=`;
  const option = process.argv.find((argument) => argument.startsWith(prefix));
  return option === undefined ? undefined : Number(option.slice(prefix.length));
}
