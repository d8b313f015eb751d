/** Milliseconds since 1970 at the monotonic clock's resolution, comparable between processes on one machine. */
export const now = (): number => performance.timeOrigin + performance.now();
