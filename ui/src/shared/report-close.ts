/**
 * Calls `onclose` when the user closes a dialog. The returned function closes it without a call: the event comes later, when
 * another dialog may be open already, which it would close instead.
 */
export function reportClose(dialog: HTMLDialogElement, onclose: () => void): () => void {
  dialog.addEventListener("close", onclose);
  return () => {
    dialog.removeEventListener("close", onclose);
    dialog.close();
  };
}
