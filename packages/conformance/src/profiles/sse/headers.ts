import type { Case } from "../../core/case.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";
import { everyConnection } from "./every-connection.ts";

const group = "Headers";

/** The response headers. */
export const headerCases: readonly Case<SseContext>[] = [
  everyConnection(group, "the status is 200", STANDARD.status, ({ stream: { status }, label }) =>
    status === 200 || label !== "first"
      ? undefined
      : `the status is ${status}: clients fail the connection and do not reconnect`,
  ),
  everyConnection(group, "the content type is text/event-stream", STANDARD.type, ({ stream: { headers } }) => {
    const type = headers.get("content-type") ?? "";
    const essence = type.split(";")[0]!.trim().toLowerCase();
    return essence === "text/event-stream" ? undefined : `Content-Type is ${type || "missing"}, not text/event-stream`;
  }),
  everyConnection(group, "no charset other than UTF-8 is declared", STANDARD.charset, ({ stream: { headers } }) => {
    const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
    return charset === undefined || charset.toLowerCase() === "utf-8"
      ? undefined
      : `Content-Type declares charset ${charset}, but clients always decode UTF-8`;
  }),
  everyConnection(group, "caches may not reuse the response", STANDARD.cache, ({ stream: { headers } }) => {
    const control = headers.get("cache-control") ?? "";
    return /\bno-(cache|store)\b/i.test(control)
      ? undefined
      : `Cache-Control is ${control || "missing"}: a cache may delay the stream or serve it again`;
  }),
  everyConnection(group, "the response has no Content-Length", STANDARD.length, ({ stream: { headers } }) => {
    const length = headers.get("content-length");
    return length === null ? undefined : `Content-Length is ${length}: the stream cannot be longer than that`;
  }),
];
