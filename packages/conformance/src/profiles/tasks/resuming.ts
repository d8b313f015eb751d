import type { Case, Standard } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { collect } from "../../stream/collect.ts";
import type { JsonEvent } from "../../stream/sse-client.ts";
import { checkCorrelationId, fieldsOf } from "../baseline.ts";
import type { TasksContext } from "./target.ts";

const group = "Beyond the document";
const headwaterSays = (sentence: string): Standard => ({ source: "Headwater's task streams", sentence });

const taskEvents = (events: readonly JsonEvent[]): JsonEvent[] => events.filter(({ event }) => event === "task_event");
const idsOf = (events: readonly JsonEvent[]): (string | undefined)[] => taskEvents(events).map(({ id }) => id);

/** Runs a task to its end. @returns its id and the events of its first listener */
async function runToCompletion(
  { start, listen }: TasksContext,
  scope: Scope,
): Promise<{ id: string; events: JsonEvent[] }> {
  const id = await start("completes");
  const events = await collect(listen(scope, id, { label: "first" }));
  if (taskEvents(events).some((event) => event.id === undefined)) notOffered("the events have no ids");
  return { id, events };
}

/** What the document leaves out, but clients need in order to resume. */
export const resumingCases: readonly Case<TasksContext>[] = [
  {
    group,
    name: "events carry ids",
    standard: headwaterSays("Events carry ids."),
    async run(context, scope) {
      const { events } = await runToCompletion(context, scope);
      const ids = idsOf(events);
      check(new Set(ids).size === ids.length, `two events have the same id: ${show(ids)}`);
      scope.measure("events", ids.length);
    },
  },
  {
    group,
    name: "a finished task's stream replays and closes",
    standard: headwaterSays("A finished task's stream replays and closes."),
    async run(context, scope) {
      const { id, events } = await runToCompletion(context, scope);
      const again = await collect(context.listen(scope, id, { label: "late" }));
      if (taskEvents(again).length === 0) notOffered("a late listener gets no history");
      check(
        show(idsOf(again)) === show(idsOf(events)),
        `the replay is ${show(idsOf(again))}, the stream was ${show(idsOf(events))}`,
      );
      const last = again.at(-1);
      check(last?.event === "connection_close", `the replay ends with ${last?.event}, not connection_close`);
    },
  },
  {
    group,
    name: "Last-Event-ID resumes",
    standard: headwaterSays("Last-Event-ID resumes."),
    async run(context, scope) {
      const { id, events } = await runToCompletion(context, scope);
      const [seen, ...missed] = idsOf(events);
      const again = await collect(context.listen(scope, id, { label: "again", lastEventId: seen }));
      check(
        show(idsOf(again)) === show(missed),
        `after ${show(seen)} come ${show(idsOf(again))}, expected ${show(missed)}`,
      );
    },
  },
  {
    group,
    name: "the client's correlation id is kept",
    standard: headwaterSays("correlation_id in every event (from the request's header, or made)."),
    async run({ start, listen }, scope) {
      const headers = { "x-correlation-id": "conformance-1" };
      const events = await collect(listen(scope, await start("completes"), { headers }));
      const id = events[0] && fieldsOf(events[0])["correlation_id"];
      if (id !== "conformance-1") notOffered(`X-Correlation-ID is not used: correlation_id is ${show(id)}`);
      checkCorrelationId(events);
    },
  },
];
