import type { Case } from "../../core/case.ts";
import { check } from "../../core/checks.ts";
import { STANDARD } from "./standards.ts";
import type { SseWorld } from "./target.ts";

const group = "Headers";

/** What the head of the answer must say. */
export const headerCases: readonly Case<SseWorld>[] = [
  {
    group,
    name: "the status is 200",
    standard: STANDARD.status,
    async run({ sample: { status } }) {
      check(status === 200, `the status is ${status}: clients fail the connection and never come back`);
    },
  },
  {
    group,
    name: "the type is text/event-stream",
    standard: STANDARD.type,
    async run({ sample: { headers } }) {
      const type = headers.get("content-type") ?? "";
      const essence = type.split(";")[0]!.trim().toLowerCase();
      check(essence === "text/event-stream", `Content-Type is ${type || "missing"}, not text/event-stream`);
    },
  },
  {
    group,
    name: "no other encoding than UTF-8 is announced",
    standard: STANDARD.charset,
    async run({ sample: { headers } }) {
      const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
      check(
        charset === undefined || charset.toLowerCase() === "utf-8",
        `Content-Type announces charset ${charset}, and clients read UTF-8 all the same`,
      );
    },
  },
  {
    group,
    name: "nobody on the way may keep the answer",
    standard: STANDARD.cache,
    async run({ sample: { headers } }) {
      const control = headers.get("cache-control") ?? "";
      check(
        /\bno-(cache|store)\b/i.test(control),
        `Cache-Control is ${control || "missing"}: a cache may hold the stream back, or give it out twice`,
      );
    },
  },
  {
    group,
    name: "the stream announces no length",
    standard: STANDARD.length,
    async run({ sample: { headers } }) {
      const length = headers.get("content-length");
      check(length === null, `Content-Length is ${length}: the stream ends there, and was whole before it began`);
    },
  },
];
