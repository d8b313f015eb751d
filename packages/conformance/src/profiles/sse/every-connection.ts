import type { Case, Standard } from "../../core/case.ts";
import type { Clock } from "../../core/clock.ts";
import { judge } from "../../model/judge.ts";
import type { Recording } from "../../stream/recording.ts";
import { connectionsOf } from "./play.ts";
import type { SseContext } from "./target.ts";

/** The first case that asks waits for the whole play. */
export const timeoutMs = ({ caseMs, patienceMs, listenMs }: Clock): number => caseMs + 6 * patienceMs + listenMs;

/** A case that must hold on every connection of the play that is a stream: 204 and errors are another case's matter. */
export const everyConnection = (
  group: string,
  name: string,
  standard: Standard,
  faultOf: (recording: Recording) => string | undefined,
): Case<SseContext> => ({
  group,
  name,
  standard,
  timeoutMs,
  async run({ play }, scope) {
    const all = connectionsOf(await play());
    judge(
      all.filter(({ stream, label }) => label === "first" || stream.status === 200),
      scope,
      faultOf,
    );
  },
});
