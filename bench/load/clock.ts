/** Milliseconds since 1970 with the resolution of the monotonic clock: comparable between processes of one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
