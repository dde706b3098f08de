/** A screen reader (AT-SPI): it reads menus and dialogs of the window system, which no WebDriver reaches. It reads no pages. */

import { DBusError, Message } from "@jellybrick/dbus-next";

const registryName = "org.a11y.atspi.Registry";
const accessible = "org.a11y.atspi.Accessible";

export class ScreenReader {
  #connection;
  /** The outermost element of each program. */
  #programs = [];

  constructor(connection) {
    this.#connection = connection;
  }

  async start() {
    await this.#connection.requestName(registryName, 0);
  }

  methods = {
    "org.a11y.atspi.Socket.Embed": {
      signature: "(so)",
      call: (program) => {
        this.#programs.push(program);
        return [this.#connection.name, "/org/a11y/atspi/null"];
      },
    },
    "org.a11y.atspi.Socket.Unembed": { call: () => undefined },
    "org.a11y.atspi.Registry.GetRegisteredEvents": { signature: "a(ss)", call: () => [] },
    "org.a11y.atspi.DeviceEventController.GetKeystrokeListeners": { signature: "a(souua(iisi)u(bbb))", call: () => [] },
    "org.a11y.atspi.DeviceEventController.GetDeviceEventListeners": { signature: "a(sou)", call: () => [] },
    "org.a11y.atspi.DeviceEventController.NotifyListenersSync": { signature: "b", call: () => false },
  };

  /** Returns all elements with a name or a text, from the outside in. */
  async read() {
    const elements = [];
    for (const program of this.#programs) await this.#visit(program, elements);
    return elements;
  }

  /** Adds an element and what it contains. An element that has gone meanwhile is left out. */
  async #visit([name, path], elements) {
    try {
      const [[role], [{ value: label }], [children]] = await Promise.all([
        this.#call(name, path, accessible, "GetRoleName"),
        this.#call(name, path, "org.freedesktop.DBus.Properties", "Get", "ss", [accessible, "Name"]),
        this.#call(name, path, accessible, "GetChildren"),
      ]);
      const text = await this.#text(name, path);
      if (label || text) elements.push({ role, label, text });
      for (const child of children) await this.#visit(child, elements);
    } catch (error) {
      if (!(error instanceof DBusError)) throw error;
    }
  }

  /** Returns the text of an element. Most have none. */
  async #text(name, path) {
    try {
      const [text] = await this.#call(name, path, "org.a11y.atspi.Text", "GetText", "ii", [0, -1]);
      return text;
    } catch (error) {
      if (!(error instanceof DBusError)) throw error;
      return "";
    }
  }

  async #call(destination, path, name, member, signature = "", body = []) {
    const message = new Message({ destination, path, interface: name, member, signature, body });
    const reply = await this.#connection.call(message);
    return reply.body;
  }
}
