import { asksForVersion, headerName } from "@headwater/protocol";
import { lazyObject } from "../lib/lazy-object.ts";
import { hookDepth } from "../records/model/hook-scope.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "../http/request.ts";

/** What rules and record operations see of a request. Headers are converted on first use: most rules never read them. */
export function recordContext(
  request: ApiRequest,
  { registry, files, uploads, background, hooks, config, metrics, versions, counts }: ApiContext,
  { context = "default", body = {} }: Partial<Pick<RecordContext, "context" | "body">> = {},
): RecordContext {
  return {
    principal: request.principal,
    context,
    method: request.raw.method,
    query: request.query,
    headers: lazyObject(() => headersOf(request.raw)),
    body,
    counts,
    versions: asksForVersion(request.query) ? versions : undefined,
    schema: registry.current,
    now: request.now,
    files,
    uploads,
    background,
    answerLimits: {
      bytes: config.queries.answerBytes,
      expanded: config.queries.expanded,
      refused: (limit) => metrics.refused(limit),
    },
    hooks: { registry: hooks, principal: request.principal, depth: hookDepth(), tx: undefined },
  };
}

/** Go keeps the host apart from the other headers. */
const headersOf = ({ headers }: Request): Record<string, string> =>
  Object.fromEntries(
    [...headers].filter(([name]) => name !== "host").map(([name, value]) => [headerName(name), value]),
  );
