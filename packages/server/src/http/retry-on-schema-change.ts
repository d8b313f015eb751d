import { onCurrentSchema as repeat } from "../records/model/current-schema.ts";
import type { Endpoint } from "./route.ts";

/** Runs the endpoint from its beginning again where collections changed under it. */
export const onCurrentSchema =
  (endpoint: Endpoint): Endpoint =>
  (request, deps) =>
    repeat(() => endpoint(request, deps));
