import type { Case } from "../../core/case.ts";
import type { ClientContext } from "../context.ts";
import { RULES, type RuleName } from "../model/rules.ts";
import { type Judged, play } from "../play.ts";
import type { ScriptedResponse } from "../scripted-response.ts";

/** A case about clients, and the rule of the model that it stands for. */
export interface ClientCase extends Case<ClientContext> {
  readonly rule: RuleName;
}

interface CaseText {
  readonly group: string;
  readonly rule: RuleName;
  readonly name: string;
}

/** A case with steps of its own. It runs alongside the others: clients do not share anything. */
export const clientCase = ({ group, rule, name }: CaseText, run: ClientCase["run"]): ClientCase => ({
  group,
  rule,
  name,
  standard: RULES[rule],
  alongside: true,
  // A client may have to wait until others have ended.
  timeoutMs: ({ caseMs }) => 10 * caseMs,
  run,
});

/** A case that plays a script and compares the client with the model. */
export const scriptCase = (text: CaseText, script: readonly ScriptedResponse[], judged: Judged = {}): ClientCase =>
  clientCase(text, async (context, scope) => void (await play(context, scope, script, judged)));

/** A short reconnection time, so that no case waits for a client's default. It is no block of its own. */
export const QUICK_RETRY = "retry:50\n";

/** Sends an event over a stream that ends, so that the client reconnects soon. */
export const FIRST_STREAM: ScriptedResponse = { chunks: [QUICK_RETRY, "data:first\n\n"] };

export const OPEN_STREAM: ScriptedResponse = { chunks: ["data:again\n\n"], staysOpen: true };
