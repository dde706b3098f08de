import type { copyLists } from "./copy-lists";

let loaded: typeof copyLists | undefined;
let loading: Promise<void> | undefined;

/** Loads how lists are copied. */
export function loadCopying(): Promise<void> {
  loading ??= import("./copy-lists").then(
    (module) => {
      loaded = module.copyLists;
    },
    () => (loading = undefined),
  );
  return loading;
}

/** Copies a selection of the timeline. Until it is loaded how lists are copied, the browser copies them in its way. */
export function copySelection(event: ClipboardEvent): void {
  if (loaded) loaded(event);
  else void loadCopying();
}
