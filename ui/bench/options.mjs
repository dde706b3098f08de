/** The options of `cargo xtask bench` that a benchmark gets. */

export const quick = process.argv.includes("--quick");
const roundsOption = process.argv.find((argument) => argument.startsWith("--rounds="))?.slice("--rounds=".length);
/** The number of times that each case is measured. */
export const rounds = Number(roundsOption ?? (quick ? 1 : 5));
