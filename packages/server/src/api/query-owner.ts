import type { ApiRequest } from "../http/request.ts";
import { principalKey } from "../rules/principal.ts";
import type { QueryOwner } from "../store/store.ts";

/** A request's queries are those of its account, or of its address. Both are only read if a query leaves this thread. */
class RequestOwner implements QueryOwner {
  readonly #request: ApiRequest;

  constructor(request: ApiRequest) {
    this.#request = request;
  }

  get key(): string {
    return principalKey(this.#request.principal) || this.#request.ip;
  }

  get signal(): AbortSignal {
    return this.#request.raw.signal;
  }
}

export const queryOwner = (request: ApiRequest): QueryOwner => new RequestOwner(request);
