import type { Logger } from "pino";
import type { IdentifyContext } from "./requester.ts";

/** What the HTTP layer needs to answer any request. Route handlers get the same object, with whatever else it holds. */
export interface HttpContext extends IdentifyContext {
  readonly logger: Logger;
  readonly now: () => Date;
}
