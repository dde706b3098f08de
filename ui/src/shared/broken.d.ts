/** The part of the interface that is broken on purpose, so that a test sees that the random walk detects it (`vite.config.ts`). */
declare const __BROKEN__: "" | "scroll anchor" | "focus";
