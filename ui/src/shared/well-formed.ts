/**
 * Replaces halves of surrogate pairs in all texts of a value by U+FFFD, as `String.prototype.toWellFormed` does, which
 * browsers have only since 2023. A half has no form in UTF-8, so no server could store it.
 */
export function wellFormed<T>(value: T): T {
  return replaceHalves(value) as T;
}

function replaceHalves(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\p{Surrogate}/gu, "\uFFFD");
  if (Array.isArray(value)) return value.map(replaceHalves);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, replaceHalves(field)]));
}
