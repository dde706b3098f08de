/** The time without a key after which the server is asked for what is typed, in milliseconds. */
export const searchDelay = 200;
