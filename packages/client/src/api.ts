import type { Identity } from "./auth/identity.ts";
import { asError } from "./errors.ts";
import type { Answer, Http, RequestOptions } from "./http.ts";
import type { Patiently } from "./patience.ts";

/** Requests in somebody's name: a token that is refused is renewed once. */
export class Api {
  readonly http: Http;
  readonly identity: Identity;
  /** For what is asked on the client's own account, while nobody waits for the answer. */
  readonly patiently: Patiently;

  constructor(http: Http, identity: Identity, patiently: Patiently) {
    this.http = http;
    this.identity = identity;
    this.patiently = patiently;
  }

  /** @throws HeadwaterError for anything but success */
  async request(method: string, path: string, options: Omit<RequestOptions, "token"> = {}): Promise<Answer> {
    const token = await this.identity.token();
    try {
      return await this.http.request(method, path, { ...options, token });
    } catch (error) {
      if (asError(error).code !== "unauthorized" || token === "" || !(await this.identity.renew(token))) throw error;
      return this.http.request(method, path, { ...options, token: await this.identity.token() });
    }
  }
}
