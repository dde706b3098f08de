import type { TextEdit } from "./text-edits";

/** Applies a change to a text field as if the user had typed it: it can be undone, and the field reports an input. */
export function applyEdit(field: HTMLTextAreaElement, { from, to, text, select }: TextEdit): void {
  field.focus();
  field.setSelectionRange(from, to);
  // Deprecated, but nothing else keeps the history of changes.
  const command = text === "" ? "delete" : "insertText";
  if ((from < to || text !== "") && !document.execCommand(command, false, text)) {
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  field.setSelectionRange(...select);
}
