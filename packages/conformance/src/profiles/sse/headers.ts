import type { Case } from "../../core/case.ts";
import { check } from "../../core/checks.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";

const group = "Headers";

/** The response headers. */
export const headerCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "the status is 200",
    standard: STANDARD.status,
    async run({ sample: { status } }) {
      check(status === 200, `the status is ${status}: clients fail the connection and do not reconnect`);
    },
  },
  {
    group,
    name: "the content type is text/event-stream",
    standard: STANDARD.type,
    async run({ sample: { headers } }) {
      const type = headers.get("content-type") ?? "";
      const essence = type.split(";")[0]!.trim().toLowerCase();
      check(essence === "text/event-stream", `Content-Type is ${type || "missing"}, not text/event-stream`);
    },
  },
  {
    group,
    name: "no charset other than UTF-8 is declared",
    standard: STANDARD.charset,
    async run({ sample: { headers } }) {
      const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
      check(
        charset === undefined || charset.toLowerCase() === "utf-8",
        `Content-Type declares charset ${charset}, but clients always decode UTF-8`,
      );
    },
  },
  {
    group,
    name: "caches may not reuse the response",
    standard: STANDARD.cache,
    async run({ sample: { headers } }) {
      const control = headers.get("cache-control") ?? "";
      check(
        /\bno-(cache|store)\b/i.test(control),
        `Cache-Control is ${control || "missing"}: a cache may delay the stream or serve it again`,
      );
    },
  },
  {
    group,
    name: "the response has no Content-Length",
    standard: STANDARD.length,
    async run({ sample: { headers } }) {
      const length = headers.get("content-length");
      check(length === null, `Content-Length is ${length}: the stream cannot be longer than that`);
    },
  },
];
