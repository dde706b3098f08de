/** The part of a desktop that shows icons: programs register theirs here (StatusNotifierItem). */

import { DBusError, Variant } from "@jellybrick/dbus-next";

export const watcherName = "org.kde.StatusNotifierWatcher";
const itemInterface = "org.kde.StatusNotifierItem";
const menuInterface = "com.canonical.dbusmenu";

export class TrayHost {
  #connection;
  #services = new Set();

  constructor(connection) {
    this.#connection = connection;
  }

  methods = {
    [`${watcherName}.RegisterStatusNotifierItem`]: { call: (service) => void this.#services.add(service) },
    [`${watcherName}.RegisterStatusNotifierHost`]: { call: () => undefined },
  };

  /** Shows the tray. Programs with an icon register it then. */
  async show() {
    await this.#connection.requestName(watcherName, 0);
  }

  /** Returns the icons that programs have shown and not removed. */
  async icons() {
    const icons = [];
    for (const service of this.#services) {
      try {
        icons.push(await this.#describe(service));
      } catch (error) {
        // The program has ended, or removed its icon.
        if (!(error instanceof DBusError)) throw error;
        this.#services.delete(service);
      }
    }
    return icons.filter(({ status }) => status === "Active");
  }

  async click({ service }) {
    const item = await this.#proxy(service, "/StatusNotifierItem", itemInterface);
    await item.Activate(0, 0);
  }

  /** Chooses an entry of an icon's menu. */
  async choose({ service, menu }, label) {
    const entry = menu.entries.find((candidate) => candidate.label === label);
    if (!entry) throw new Error(`the menu has no “${label}”, but ${menu.entries.map((found) => found.label)}`);
    const proxy = await this.#proxy(service, menu.path, menuInterface);
    await proxy.Event(entry.id, "clicked", new Variant("i", 0), 0);
  }

  async #describe(service) {
    const properties = await this.#proxy(service, "/StatusNotifierItem", "org.freedesktop.DBus.Properties");
    const all = await properties.GetAll(itemInterface);
    const path = all.Menu.value;
    const menu = await this.#proxy(service, path, menuInterface);
    const [, [, , children]] = await menu.GetLayout(0, -1, []);
    const entries = children.map(({ value: [id, { label }] }) => ({ id, label: label.value }));
    return { service, status: all.Status.value, title: all.Title.value, menu: { path, entries } };
  }

  async #proxy(service, path, name) {
    return (await this.#connection.getProxyObject(service, path)).getInterface(name);
  }
}
