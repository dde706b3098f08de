/** The actions that a mouse and a finger do alike, by pressing a point. Each has its own `press`. */
export const pointer = {
  async write(view, field, text) {
    await this.press(view, field);
    await view.tab.type(text);
  },

  async clear(view, field) {
    await this.press(view, field);
    await view.tab.press("Control+a");
    await view.tab.press("Delete");
  },

  closeDialog(view, dialog) {
    return this.press(view, { role: "button", name: "Close", within: dialog });
  },
};
