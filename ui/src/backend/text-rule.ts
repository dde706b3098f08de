/** The check of a text against its rule, as in `crates/protocol/src/text_rule.rs`. */

import { setsDirection } from "../shared/bidi";
import type { RefusalTemplate, TextRule, WireError } from "./protocol";
import { hasStackedMarks, isBlank } from "./visibility";

/** Returns the reason why a text breaks a rule, if it does. */
export function checkText(text: string, rule: TextRule): WireError | undefined {
  const size = rule.unit === "bytes" ? new TextEncoder().encode(text).length : [...text].length;
  const refuse = ({ code, message }: RefusalTemplate): WireError => ({
    code,
    message: message.replace("{max}", String(rule.max)).replace("{size}", String(size)),
  });
  if (isBlank(text) && !(rule.mayBeEmpty && text === "")) return refuse(rule.blank);
  if (size > rule.max) return refuse(rule.tooLarge);
  if (rule.control && /[\p{Cc}\u2028\u2029]/u.test(text)) return refuse(rule.control);
  if (rule.direction && setsDirection(text)) return refuse(rule.direction);
  if (rule.marks && hasStackedMarks(text)) return refuse(rule.marks);
  return undefined;
}
