import type { ClientCase } from "./client-case.ts";
import { memoryCases } from "./memory.ts";
import { readingCases } from "./reading.ts";
import { reconnectingCases } from "./reconnecting.ts";
import { requestCases } from "./requests.ts";
import { retryCases } from "./retry.ts";
import { stateCases } from "./states.ts";
import { statusCases } from "./statuses.ts";

export const CLIENT_CASES: readonly ClientCase[] = [
  ...readingCases,
  ...requestCases,
  ...reconnectingCases,
  ...retryCases,
  ...statusCases,
  ...stateCases,
  ...memoryCases,
];
