/** The parts of the interface, by the roles and names under which people and screen readers know them. */

export const button = (name, within) => ({ role: "button", name, within });
export const field = (name, within) => ({ role: "textbox", name, within });
export const dialogOf = (name) => ({ role: "dialog", name });
export const heading = (name) => ({ role: "heading", name });
export const timelineOf = (room) => ({ role: "log", name: room ? `Messages in ${room}` : /^Messages in / });
export const message = (text) => ({ role: "article", hasText: text, within: timelineOf() });
export const composerOf = (room) => field(room ? `Message to ${room}` : /^Message to /);
export const sidebar = { role: "navigation", name: "Servers and rooms" };
export const roomButton = (name) => button(new RegExp(`^${name}( |$|\\d)`), sidebar);
export const panelOf = (name) => ({ role: "complementary", name });
export const status = (text) => ({ role: "status", hasText: text });
