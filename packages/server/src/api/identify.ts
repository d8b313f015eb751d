import { readPrincipal } from "../auth/read-principal.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ApiRequest } from "./api-request.ts";

/** Finds out who asks, as of now. */
export async function identify(request: ApiRequest, deps: ApiDeps): Promise<void> {
  const { tokens, store, registry, revisions } = deps;
  request.identifiedAt = revisions.count;
  request.principal = await readPrincipal(tokens, store, registry.current, request.token, request.now);
}
