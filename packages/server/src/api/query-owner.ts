import type { ApiRequest } from "../http/request.ts";
import { principalKey } from "../rules/principal.ts";
import type { QueryOwner } from "../store/store.ts";

/** A request's queries are those of its account, or of its address. Both are only read if a query leaves this thread. */
export const queryOwner = (request: ApiRequest): QueryOwner => ({
  get key() {
    return principalKey(request.principal) || request.ip;
  },
  get signal() {
    return request.raw.signal;
  },
});
