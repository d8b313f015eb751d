import type { Logger } from "pino";
import type { App as Core } from "../../app/app.ts";
import type { Collection } from "../../collections/model/collection.ts";
import { notFound } from "../../lib/api-error.ts";
import type { Subject } from "../collections/record-types.ts";

/** The server that the library wraps, and its logger. */
export interface AppContext {
  readonly core: Core;
  readonly logger: Logger;
}

export const nameOf = (subject: Subject): string => (typeof subject === "string" ? subject : subject.name);

/** @throws ApiError 404 if there is no such collection */
export function requireCollection({ core }: AppContext, subject: Subject): Collection {
  const name = nameOf(subject);
  const collection = core.folder.registry.current.find(name);
  if (!collection) throw notFound(`There is no collection "${name}".`);
  return collection;
}
