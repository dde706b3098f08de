/** The notification server of a desktop (Desktop Notifications Specification). It keeps what is on the screen. */

import { Message } from "@jellybrick/dbus-next";

const name = "org.freedesktop.Notifications";
const path = "/org/freedesktop/Notifications";

export class NotificationServer {
  #connection;
  #notifications = new Map();
  #lastId = 0;

  constructor(connection) {
    this.#connection = connection;
  }

  async start() {
    await this.#connection.requestName(name, 0);
  }

  get shown() {
    return [...this.#notifications.values()];
  }

  click({ id }) {
    this.#emit("ActionInvoked", "us", [id, "default"]);
  }

  methods = {
    [`${name}.Notify`]: {
      signature: "u",
      call: (appName, replaces, icon, summary, body, actions, hints) => {
        const id = replaces || ++this.#lastId;
        const plainHints = Object.fromEntries(Object.entries(hints).map(([hint, { value }]) => [hint, value]));
        this.#notifications.set(id, { id, appName, icon, summary, body, actions, hints: plainHints });
        return id;
      },
    },
    [`${name}.CloseNotification`]: {
      call: (id) => {
        this.#notifications.delete(id);
        this.#emit("NotificationClosed", "uu", [id, 3]);
      },
    },
  };

  #emit(signal, signature, body) {
    this.#connection.send(Message.newSignal(path, name, signal, signature, body));
  }
}
