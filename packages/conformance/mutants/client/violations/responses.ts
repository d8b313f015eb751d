import type { RuleName } from "../../../src/clients/model/rules.ts";
import { type Parts, type Verdict, without } from "../parts.ts";
import { type Violation, violation } from "./violation.ts";

/** A verdict for the responses that a test chooses. */
const says = (verdict: Verdict, chooses: (status: number, type: string | undefined) => boolean): Partial<Parts> => ({
  verdict: (right, _, { status, headers }) =>
    right === "stop" && chooses(status, headers.get("content-type") ?? undefined) ? verdict : right,
});

const DOES: Readonly<Record<"read" | "reconnect", string>> = { read: "reads", reconnect: "reconnects after" };

const inStatus = (rule: RuleName, status: number): Violation[] =>
  (["read", "reconnect"] as const).map((verdict) =>
    violation(
      rule,
      `${DOES[verdict]} a response with the status ${status}`,
      says(verdict, (given) => given === status),
    ),
  );

const STATUSES: readonly Violation[] = [
  ...inStatus("noContent", 204).filter(({ does }) => !does.startsWith("reads")),
  ...[201, 202, 206, 400, 401, 403, 404, 429, 500, 502, 503].flatMap((status) => inStatus("status", status)),
  violation(
    "status",
    "reads every response of 200 to 299",
    says("read", (status) => status < 300 && status !== 204),
  ),
  violation(
    "status",
    "reconnects after errors of the server",
    says("reconnect", (status) => status >= 500),
  ),
  violation(
    "status",
    "reconnects after errors of the client",
    says("reconnect", (status) => status >= 400 && status < 500),
  ),
];

const ok = (chooses: (type: string | undefined) => boolean) => (status: number, type: string | undefined) =>
  status === 200 && chooses(type);

const TYPES: readonly Violation[] = [
  violation(
    "contentType",
    "reads every content type",
    says(
      "read",
      ok(() => true),
    ),
  ),
  violation(
    "contentType",
    "reconnects after another content type",
    says(
      "reconnect",
      ok((type) => type !== undefined),
    ),
  ),
  violation(
    "contentType",
    "reads every text",
    says(
      "read",
      ok((type = "") => type.startsWith("text/")),
    ),
  ),
  violation(
    "contentType",
    "matches the start of a content type",
    says(
      "read",
      ok((type = "") => type.startsWith("text/event-stream")),
    ),
  ),
  violation(
    "contentType",
    "looks for the type anywhere",
    says(
      "read",
      ok((type = "") => type.includes("text/event-stream")),
    ),
  ),
  violation(
    "contentType",
    "looks for the type at the end",
    says(
      "read",
      ok((type = "") => type.endsWith("text/event-stream")),
    ),
  ),
  violation(
    "contentType",
    "reads a response without a content type",
    says(
      "read",
      ok((type) => type === undefined),
    ),
  ),
  violation(
    "contentType",
    "reconnects after a response without a content type",
    says(
      "reconnect",
      ok((type) => type === undefined),
    ),
  ),
  ...(
    [
      ["compares the whole content type", (type: string) => type === "text/event-stream"],
      ["compares the letter case of the content type", (type: string) => /^text\/event-stream *(;|$)/.test(type)],
      ["accepts no space before a parameter", (type: string) => /^text\/event-stream(;|$)/i.test(type)],
      ["accepts no parameter but a charset", (type: string) => /^text\/event-stream *(;.*charset.*)?$/i.test(type)],
      ["accepts a parameter only after a space", (type: string) => /^text\/event-stream *(; .*|;.*=y)?$/i.test(type)],
    ] as const
  ).map(([does, accepts]) =>
    violation("contentType", does, {
      verdict: (right, _, { headers }) => (accepts(headers.get("content-type") ?? "") ? right : "stop"),
    }),
  ),
];

const REDIRECTS: readonly Violation[] = [
  violation("redirect", "follows no redirect", { redirect: () => undefined }),
  ...[301, 302, 303, 307, 308].map((status) =>
    violation("redirect", `does not follow ${status}`, {
      redirect: (headers, _, given) => (given === status ? undefined : headers),
    }),
  ),
  violation(
    "redirect",
    "loses the Last-Event-ID at a redirect",
    {
      redirect: (headers) => without(headers, "last-event-id"),
    },
    ["every", "later"],
  ),
];

const HEADERS: readonly Violation[] = [
  violation("accept", "accepts JSON only", { headers: (headers) => ({ ...headers, accept: "application/json" }) }),
  violation("accept", "accepts HTML and images only", {
    headers: (headers) => ({ ...headers, accept: "text/html, image/*;q=0.8" }),
  }),
  violation("noStore", "allows caches", { headers: (headers) => without(headers, "cache-control") }),
  violation("noStore", "asks caches for a fresh response", {
    headers: (headers) => ({ ...headers, "cache-control": "max-age=0" }),
  }),
];

export const responseViolations: readonly Violation[] = [...STATUSES, ...TYPES, ...REDIRECTS, ...HEADERS];
