import { AppState } from "../src/app/app-state.svelte";
import type { Backend, BackendEvent } from "../src/backend";

/** The interface's state in front of a back end that takes everything, and tells what the test tells. */
export async function openApp(): Promise<{ app: AppState; tell: (event: BackendEvent) => void }> {
  let tell: (event: BackendEvent) => void = () => undefined;
  const backend: Backend = {
    start: (on) => {
      tell = on;
      return Promise.resolve();
    },
    command: () => Promise.resolve(),
    setName: () => Promise.resolve(),
    attention: () => undefined,
    notify: () => undefined,
    badge: () => undefined,
  };
  const app = new AppState(backend, { get: () => null, set: () => undefined });
  await app.start();
  return { app, tell };
}
