/**
 * Returns an attachment for a modal dialog that calls a function at a click beside the dialog. A text selection that
 * begins inside the dialog and ends beside it is no such click, although the browser reports one.
 */
export const onBackdropClick = (action: () => void) => (dialog: HTMLElement) => {
  let pressed = false;
  const onPointerDown = ({ target }: Event) => (pressed = target === dialog);
  const onClick = ({ target }: Event) => pressed && target === dialog && action();
  dialog.addEventListener("pointerdown", onPointerDown);
  dialog.addEventListener("click", onClick);
  return () => {
    dialog.removeEventListener("pointerdown", onPointerDown);
    dialog.removeEventListener("click", onClick);
  };
};
