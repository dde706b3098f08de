import type { Inline } from "./tokens";

/** Returns the text of inline tokens without their syntax. */
export function inlineText(children: readonly Inline[]): string {
  return children.map((child) => ("children" in child ? inlineText(child.children) : child.text)).join("");
}
