/** Keys that are pressed together, as tests write them: `Enter`, `Shift+Enter`, `Control+Shift+U`, `+`. */

/** Splits keys into modifiers, in the order in which they are pressed, and the last key. */
export function typedKeys(keys) {
  const parts = keys.split(/\+(?=.)/);
  return { modifiers: parts.slice(0, -1), key: parts.at(-1) };
}
