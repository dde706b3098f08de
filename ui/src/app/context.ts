import { createContext } from "svelte";
import type { AppState } from "./app-state.svelte";

/** The interface's state, for every component under `App`. */
export const [getApp, setApp] = createContext<AppState>();
