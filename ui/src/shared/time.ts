import { language } from "./strings";

/** Returns the format of the time of day in a region, by default the user's: "9:13 PM", "21:13". */
export const timeFormat = (region?: string) => new Intl.DateTimeFormat(region, { timeStyle: "short" });

const clock = timeFormat();
const { hourCycle } = clock.resolvedOptions();
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium", hourCycle });
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

/** Formats a day as "5 March 2021". */
export const date = (at: number): string => dayAndYear.format(at);

/** Formats a day as "Today", "Yesterday", "Thursday, 5 March" or "5 March 2021". */
export function dayName(at: number, now: number): string {
  const days = Math.round((dayOf(at) - dayOf(now)) / 86_400_000);
  if (days === 0 || days === -1) {
    const name = relative.format(days, "day");
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  }
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayAndYear.format(at);
}

/** Formats a time of today as the time of day, and one of another day as that day. */
export function timeOrDate(at: number, now: number): string {
  return dayOf(at) === dayOf(now) ? timeOfDay(at) : date(at);
}

/** Formats a time as the value of an `<input type="date">`, in local time. */
export function dateInput(at: number): string {
  const date = new Date(at);
  const digits = (n: number, length: number) => String(n).padStart(length, "0");
  return `${digits(date.getFullYear(), 4)}-${digits(date.getMonth() + 1, 2)}-${digits(date.getDate(), 2)}`;
}
