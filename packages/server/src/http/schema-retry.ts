import { retryOnSchemaChange } from "../records/model/schema-change.ts";
import type { RouteHandler } from "./route.ts";

/** Runs the handler again from the start if the collections change under it. */
export const withSchemaRetry =
  <Context>(handler: RouteHandler<Context>): RouteHandler<Context> =>
  (request, context) =>
    retryOnSchemaChange(() => handler(request, context));
