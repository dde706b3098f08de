/** The server's checks of a body, made before it is sent. `text_rule.rs` and `kind.rs` define the rules. */

import { propertiesOf } from "../entry-kinds";
import { type Body, type RefusalTemplate, type TextRule, textRules, type WireError } from "../protocol";

/** Returns the reason why a client may not post this body, if there is one. */
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
      return checkRule(body.emoji, textRules.emoji);
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
  if (rule.blank && text.trim() === "") return refuse(rule.blank);
  if (size > rule.max) return refuse(rule.tooLarge);
  if (rule.control && /\p{Cc}/u.test(text)) return refuse(rule.control);
  return undefined;
}
