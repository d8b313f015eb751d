import type { Identity } from "./auth/identity.ts";
import { asError } from "./errors.ts";
import type { HttpResponse, Http, RequestOptions } from "./http.ts";
import type { Retry } from "./retry.ts";

/** Requests in somebody's name: a token that is refused is renewed once. */
export class Api {
  readonly http: Http;
  readonly identity: Identity;
  /** For what is asked on the client's own account, while nobody waits for the answer. */
  readonly retry: Retry;

  constructor(http: Http, identity: Identity, patiently: Retry) {
    this.http = http;
    this.identity = identity;
    this.retry = patiently;
  }

  /** @throws HeadwaterError for anything but success */
  async request(method: string, path: string, options: Omit<RequestOptions, "token"> = {}): Promise<HttpResponse> {
    const token = await this.identity.token();
    try {
      return await this.http.request(method, path, { ...options, token });
    } catch (error) {
      if (asError(error).code !== "unauthorized" || token === "" || !(await this.identity.renew(token))) throw error;
      return this.http.request(method, path, { ...options, token: await this.identity.token() });
    }
  }
}
