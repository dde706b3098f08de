/** The part of the interface that `vite.config.ts` breaks on purpose, so that a test sees that the random walk detects it. */
declare const __BROKEN__: "" | "scroll anchor" | "focus";
