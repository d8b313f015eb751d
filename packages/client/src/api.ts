import type { Identity } from "./auth/identity.ts";
import { toHeadwaterError } from "./errors.ts";
import type { HttpResponse, Http, RequestOptions } from "./http.ts";
import type { Retry } from "./retry.ts";

/** Sends requests with the identity's token. If the server rejects the token, renews it and retries once. */
export class Api {
  readonly http: Http;
  readonly identity: Identity;
  /** Retries transient failures of requests that run in the background. */
  readonly retry: Retry;

  constructor(http: Http, identity: Identity, retry: Retry) {
    this.http = http;
    this.identity = identity;
    this.retry = retry;
  }

  /** @throws HeadwaterError if the response is not a success */
  async request(method: string, path: string, options: Omit<RequestOptions, "token"> = {}): Promise<HttpResponse> {
    const token = await this.identity.token();
    try {
      return await this.http.request(method, path, { ...options, token });
    } catch (error) {
      if (toHeadwaterError(error).code !== "unauthorized" || token === "" || !(await this.identity.renew(token)))
        throw error;
      return this.http.request(method, path, { ...options, token: await this.identity.token() });
    }
  }
}
