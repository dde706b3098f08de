import { language } from "./strings";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

export const timeOfDay = (at: number): string => clock.format(at);
export const fullTime = (at: number): string => full.format(at);

/** Returns the local midnight before `at`, which is the same for all times of one day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/** Formats a day as "Today", "Yesterday", "Thursday, 5 March" or "5 March 2021". */
export function dayName(at: number, now: number): string {
  const days = Math.round((dayOf(at) - dayOf(now)) / 86_400_000);
  if (days === 0 || days === -1) {
    const name = relative.format(days, "day");
    return name.charAt(0).toLocaleUpperCase() + name.slice(1);
  }
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayAndYear.format(at);
}

/** Formats a time as the value of an `<input type="date">`, in local time. */
export function dateInput(at: number): string {
  const date = new Date(at);
  const twoDigits = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}
