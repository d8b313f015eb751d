import { randomUUIDv7 } from "bun";

/** Text that is safe in logs and headers. */
const SAFE = /^[\w.:+/=@-]{1,128}$/;

export const isSafeId = (text: string): boolean => SAFE.test(text);

/** The request id from the client or a proxy if it is safe to use, otherwise a new one. */
export function requestId(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && isSafeId(given) ? given : randomUUIDv7();
}
