import type { Case, Standard } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { collect } from "../../stream/collect.ts";
import type { JsonEvent } from "../../stream/sse-client.ts";
import { correlated, fieldsOf } from "../baseline.ts";
import type { TasksWorld } from "./target.ts";

const group = "Beyond the document";
const beyond = (sentence: string): Standard => ({ source: "Headwater's task streams", sentence });

const taskEvents = (events: readonly JsonEvent[]): JsonEvent[] => events.filter(({ event }) => event === "task_event");
const idsOf = (events: readonly JsonEvent[]): (string | undefined)[] => taskEvents(events).map(({ id }) => id);

/** A task that is over, and what its first listener heard. */
async function finished({ start, listen }: TasksWorld, scope: Scope): Promise<{ id: string; events: JsonEvent[] }> {
  const id = await start("completes");
  const events = await collect(listen(scope, id, { label: "first" }));
  if (taskEvents(events).some((event) => event.id === undefined)) notOffered("its events have no ids");
  return { id, events };
}

/** What the document leaves out, and a client needs that is cut off. */
export const resumingCases: readonly Case<TasksWorld>[] = [
  {
    group,
    name: "events carry ids",
    standard: beyond("Events carry ids."),
    async run(world, scope) {
      const { events } = await finished(world, scope);
      const ids = idsOf(events);
      check(new Set(ids).size === ids.length, `two events have one id: ${show(ids)}`);
      scope.measure("events", ids.length);
    },
  },
  {
    group,
    name: "a finished task's stream replays and closes",
    standard: beyond("A finished task's stream replays and closes."),
    async run(world, scope) {
      const { id, events } = await finished(world, scope);
      const again = await collect(world.listen(scope, id, { label: "late" }));
      if (taskEvents(again).length === 0) notOffered("a late listener is not told the history");
      check(
        show(idsOf(again)) === show(idsOf(events)),
        `the replay is ${show(idsOf(again))}, and was ${show(idsOf(events))}`,
      );
      const last = again.at(-1);
      check(last?.event === "connection_close", `the replay ends with ${last?.event}, not connection_close`);
    },
  },
  {
    group,
    name: "Last-Event-ID resumes",
    standard: beyond("Last-Event-ID resumes."),
    async run(world, scope) {
      const { id, events } = await finished(world, scope);
      const [seen, ...missed] = idsOf(events);
      const again = await collect(world.listen(scope, id, { label: "again", lastEventId: seen }));
      check(
        show(idsOf(again)) === show(missed),
        `after ${show(seen)} come ${show(idsOf(again))}, and should ${show(missed)}`,
      );
    },
  },
  {
    group,
    name: "the client's correlation id is kept",
    standard: beyond("correlation_id in every event (from the request's header, or made)."),
    async run({ start, listen }, scope) {
      const headers = { "x-correlation-id": "conformance-1" };
      const events = await collect(listen(scope, await start("completes"), { headers }));
      const id = events[0] && fieldsOf(events[0])["correlation_id"];
      if (id !== "conformance-1") notOffered(`X-Correlation-ID is not taken over: ${show(id)}`);
      correlated(events);
    },
  },
];
