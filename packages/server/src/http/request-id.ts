import { randomUUIDv7 } from "bun";

/** What may stand in a log and a header without harm. */
const SANE = /^[\w.:+/=@-]{1,128}$/;

export const isSaneId = (text: string): boolean => SANE.test(text);

/** The id that the client or a proxy gave the request, if it is sane; else a new one. */
export function requestId(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && isSaneId(given) ? given : randomUUIDv7();
}
