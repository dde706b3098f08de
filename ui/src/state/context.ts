import { createContext } from "svelte";
import type { AppState } from "./app-state.svelte";

/** The Svelte context through which `App` gives its state to all components. */
export const [getApp, setApp] = createContext<AppState>();
