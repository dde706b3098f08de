/**
 * The widths of the window below which the layout changes, as media queries for scripts and, in the same words, for styles.
 * Safari knows neither ranges (`width < 48rem`) nor `not (min-width: 48rem)` before 16.4.
 */
export const breakpoints = {
  /** A phone: menus are sheets, and the panel is as wide as the window. */
  phone: "(max-width: 29.99rem)",
  /** The list of rooms is in a drawer. */
  narrow: "(max-width: 47.99rem)",
  /** The panel covers the room. */
  medium: "(max-width: 63.99rem)",
} as const;
