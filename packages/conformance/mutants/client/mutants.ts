import type { ClientTarget } from "../../src/clients/context.ts";
import type { Mutant } from "../framework/mutant.ts";
import { isAt, WHEN_TEXT } from "../framework/when.ts";
import { clientOf } from "./client.ts";
import { onConnections } from "./parts.ts";
import { characterViolations } from "./violations/characters.ts";
import { closingViolations } from "./violations/closing.ts";
import { connectionViolations } from "./violations/connections.ts";
import { eventViolations } from "./violations/events.ts";
import { lineViolations } from "./violations/lines.ts";
import { responseViolations } from "./violations/responses.ts";
import { retryViolations } from "./violations/retry.ts";
import type { Violation } from "./violations/violation.ts";

export const VIOLATIONS: readonly Violation[] = [
  ...lineViolations,
  ...eventViolations,
  ...characterViolations,
  ...connectionViolations,
  ...retryViolations,
  ...responseViolations,
  ...closingViolations,
];

/** Each violation on all connections, on the first only, and on later ones only. */
export const clientMutants: readonly Mutant<ClientTarget>[] = VIOLATIONS.flatMap(({ rule, does, make, whens }) =>
  whens.map((when) => ({
    rule,
    name: `${does}, ${WHEN_TEXT[when]}`,
    open: () => ({ driver: clientOf(() => onConnections(make(), (connection) => isAt(when, connection))) }),
  })),
);
