/** The parts of the first screen that are loaded after the first paint, unless they are needed for it. */
export const lazyComponents = { joinOptions: () => import("./JoinOptions.svelte") };
