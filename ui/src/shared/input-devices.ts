/**
 * Returns whether the main input device is a mouse or the like. On a touch screen, focusing a field opens a keyboard that
 * covers half of the page, so nothing is focused there that the user has not touched. (Some phones claim that they can hover.)
 */
export const hasMouse = (): boolean => typeof matchMedia === "undefined" || !matchMedia("(pointer: coarse)").matches;
