import pLimit from "p-limit";
import { join } from "node:path";
import { json } from "../../http/responses.ts";
import type { ApiRequest } from "../../http/request.ts";
import { adviseIndexes } from "../../records/advice/index-advice.ts";
import type { ApiContext } from "../api-context.ts";

/** Measurements that run at the same time would measure each other. */
const oneAtATime = pLimit(1);

/** The indexes that the collections lack, for their rules and for what clients have asked since the server started. */
export async function indexAdvice(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { config, store, registry, files, background } = api;
  const used = store.uses.map(({ uses, ...query }) => ({ query, uses, origins: ["requests"] }));
  const report = await oneAtATime(() =>
    adviseIndexes({
      reader: store,
      path: join(config.dir, "data.db"),
      context: { schema: registry.current, now: request.now, files, background },
      used,
      limitMs: config.queries.adviceMs,
    }),
  );
  return json(request, report);
}
