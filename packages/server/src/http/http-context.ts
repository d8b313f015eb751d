import type { Logger } from "pino";
import type { JsonLimits } from "../lib/json/json-scanner.ts";
import type { CurrentSettings } from "../settings/current-settings.ts";
import type { BodyFiles } from "./body/body-files.ts";
import type { BodyMemory } from "./body/body-memory.ts";
import type { IdentifyContext } from "./requester.ts";

/** What the HTTP layer needs to answer any request. Route handlers get the same object, with whatever else it holds. */
export interface HttpContext extends IdentifyContext {
  readonly logger: Logger;
  readonly now: () => Date;
  readonly bodies: Bodies;
  readonly settings: CurrentSettings;
}

/** How bodies are read. */
export interface Bodies {
  readonly memory: BodyMemory;
  readonly files: BodyFiles;
  /** What a body's JSON may hold. */
  readonly json: JsonLimits;
  /** @param limit the code of a limit that refuses a body */
  readonly refused: (limit: string) => void;
}
