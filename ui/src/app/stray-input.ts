/** Directs what the user types, pastes, drops or chooses elsewhere on the page to the composer. */

import { strings } from "../shared/strings";
import type { AppState } from "../state/app-state.svelte";
import { isComposing } from "../shared/keyboard";
import { isInDialog } from "./shortcut-handlers";

const composerField = () => document.querySelector<HTMLTextAreaElement>("[data-region='composer'] textarea");

/** Focuses the composer at a key that types a character, before the browser inserts it there. */
export function onStrayKey(app: AppState, event: KeyboardEvent): void {
  if (event.defaultPrevented || isInDialog(app, event.target) || isEditable(event.target)) return;
  if (typesCharacter(event)) composerField()?.focus();
}

export function onStrayPaste(app: AppState, event: ClipboardEvent): void {
  if (event.defaultPrevented || isInDialog(app, event.target) || isEditable(event.target)) return;
  event.preventDefault();
  insert(app, event.clipboardData);
}

/** Begins a message with words, as if they were typed. Returns `false` if there is a draft, which stays as it is. */
export function beginMessage(words: string): boolean {
  const field = composerField();
  if (field?.value !== "") return false;
  field.focus();
  document.execCommand("insertText", false, `${words} `);
  return true;
}

/** Allows every drop, since the browser would open a dropped file or link instead of the page. */
export function onDragOver(event: DragEvent): void {
  if (isEditable(event.target) && !hasFiles(event.dataTransfer)) return;
  event.preventDefault();
}

export function onDrop(app: AppState, event: DragEvent): void {
  if (event.defaultPrevented || (isEditable(event.target) && !hasFiles(event.dataTransfer))) return;
  event.preventDefault();
  if (app.overlay === null) insert(app, event.dataTransfer);
}

function insert(app: AppState, data: DataTransfer | null): void {
  const text = data?.getData("text/plain") ?? "";
  if (text === "" && hasFiles(data)) return app.showNotice(strings.composer.noFiles);
  const field = composerField();
  if (text === "" || !field) return;
  field.focus();
  document.execCommand("insertText", false, text);
}

const hasFiles = (data: DataTransfer | null): boolean => data?.types.includes("Files") ?? false;

function isEditable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Returns whether a key types a character or begins one. Space and Enter press buttons and scroll. */
function typesCharacter(event: KeyboardEvent): boolean {
  if (isComposing(event) || event.key === "Process" || event.key === "Dead") return true;
  const altGr = event.getModifierState("AltGraph");
  if (!altGr && (event.ctrlKey || event.metaKey || event.altKey)) return false;
  return [...event.key].length === 1 && event.key.trim() !== "";
}
