import { FORGED_NAMES } from "../../fixture/forged-tokens.ts";
import { family, flow, guest } from "../../lib/scenario.ts";

const withToken = (send: string, name: string) =>
  guest(send, undefined, { Authorization: `{{forged token: ${name}}}` });

/** Tokens whose signature is valid, but that no server issues. */
export const TOKENS = family(
  "auth: unusual tokens",
  FORGED_NAMES.flatMap((name) => [
    flow(`${name}: list`, withToken("GET /api/collections/owned/records?fields=id", name)),
    flow(`${name}: refresh`, withToken("POST /api/collections/users/auth-refresh?fields=record.id", name)),
    flow(`${name}: file token`, withToken("POST /api/files/token?fields=x", name)),
  ]),
  { onlyReads: true },
);
