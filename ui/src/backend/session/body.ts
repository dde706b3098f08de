/** The server's checks of a body, made before it is sent. `text_rule.rs` and `kind.rs` define the rules. */

import { setsDirection } from "../../shared/bidi";
import { canonicalEmoji } from "../emoji";
import { propertiesOf } from "../entry-kinds";
import { type Body, notOneEmoji, type RefusalTemplate, type TextRule, textRules, type WireError } from "../protocol";
import { hasStackedMarks, isBlank } from "../visibility";

/** Returns a body in the form in which it is stored: forms of one emoji are one reaction. */
export function canonicalBody(body: Body): Body {
  return body.kind === "react" ? { ...body, emoji: canonicalEmoji(body.emoji) ?? body.emoji } : body;
}

/** Returns the reason why a client may not post this body, which is in its canonical form, if there is one. */
export function checkBody(body: Body): WireError | undefined {
  switch (propertiesOf(body).writer) {
    case "member":
    case "target_author":
      return checkText(body);
    case "server":
      return { code: "bad_request", message: "Only the server writes entries of this kind." };
    case "unknown":
      return {
        code: "bad_request",
        message: "This server does not know that kind of entry, or a field of it is missing or of the wrong type.",
      };
  }
}

function checkText(body: Body): WireError | undefined {
  switch (body.kind) {
    case "message":
    case "edit":
      return checkRule(body.text, textRules.message);
    case "topic":
      return checkRule(body.text, textRules.topic);
    case "react":
      return canonicalEmoji(body.emoji) === body.emoji ? undefined : notOneEmoji;
    case "created":
    case "joined":
    case "left":
    case "member_renamed":
    case "room_renamed":
    case "delete":
    case "wiped":
      return undefined;
  }
}

function checkRule(text: string, rule: TextRule): WireError | undefined {
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
