import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { Presence } from "../presence/presence.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import type { EventVisibility } from "../visibility/event-visibility.ts";

export interface PresenceParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly visibility: EventVisibility;
}

export const createPresence = ({ config, logger, visibility }: PresenceParts): Presence<Principal> =>
  new Presence<Principal>({
    accountOf: (principal) => (principal.kind === "guest" ? undefined : principalKey(principal)),
    authOf: (principal) =>
      principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id },
    roomOf: (subscription) => visibility.roomOf(subscription),
    viewOf: ({ collection, id }) => visibility.viewOfAccount(collection, id),
    mayListen: (subscription, principal) => visibility.maySeePresence(subscription, principal),
    graceMs: config.presenceGraceMs,
    onError: (error) => logger.error({ err: error }, "a presence event could not be sent"),
  });
