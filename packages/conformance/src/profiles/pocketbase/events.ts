import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { pause } from "../../core/deadline.ts";
import { inParallel } from "../../core/in-parallel.ts";
import type { Scope } from "../../core/scope.ts";
import { fieldFault } from "../../model/field.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, quote } from "./document.ts";
import type { ApiModel } from "./api-client.ts";
import { RECORD } from "./model.ts";
import { Subscriber, type RecordChange } from "./subscriber.ts";
import type { PocketBaseContext } from "./context.ts";

const group = GROUP.events;
const WRITERS = 4;
const UPDATES = 50;
const BULK = 200;

export const eventCases: readonly Case<PocketBaseContext>[] = [
  {
    group,
    name: "CREATE event reception",
    standard: quote("CREATE event reception"),
    async run({ superuser, guest, names }, scope) {
      const subscriber = await Subscriber.open(scope, guest, [`${names.open}/*`]);
      const from = performance.now();
      const made = await superuser.create(names.open, { title: "new “❄” line\nbreak", n: 1 });
      await subscriber.untilChange(`${names.open}/*`, "create", made.id);
      scope.measure("latencyMs", performance.now() - from);
      await checkChange(subscriber, [`${names.open}/*`], "create", made, scope);
    },
  },
  {
    group,
    name: "UPDATE event reception",
    standard: quote("UPDATE event reception"),
    async run({ superuser, guest, names }, scope) {
      const { id } = await superuser.create(names.open, { title: "before" });
      const topics = [`${names.open}/*`, `${names.open}/${id}`];
      const subscriber = await Subscriber.open(scope, guest, topics);
      const from = performance.now();
      const changed = await superuser.update(names.open, id, { title: "after" });
      await subscriber.untilChange(topics[0]!, "update", id);
      scope.measure("latencyMs", performance.now() - from);
      await checkChange(subscriber, topics, "update", changed, scope);
    },
  },
  {
    group,
    name: "DELETE event reception",
    standard: quote("DELETE event reception"),
    async run({ superuser, guest, names }, scope) {
      const made = await superuser.create(names.open, { title: "short-lived", n: 7 });
      const topics = [`${names.open}/*`, `${names.open}/${made.id}`];
      const subscriber = await Subscriber.open(scope, guest, topics);
      const from = performance.now();
      await superuser.delete(names.open, made.id);
      await subscriber.untilChange(topics[0]!, "delete", made.id);
      scope.measure("latencyMs", performance.now() - from);
      await checkChange(subscriber, topics, "delete", made, scope);
    },
  },
  {
    group,
    name: "Event ordering guarantees",
    standard: quote("Maintain event ordering"),
    timeoutMs: ({ caseMs }) => 2 * caseMs,
    async run({ superuser, guest, names }, scope) {
      const topic = `${names.open}/*`;
      const two = await Promise.all(
        [1, 2].map((label) => Subscriber.open(scope, guest, [topic], { label: `${label}` })),
      );
      const records = await Promise.all(Array.from({ length: WRITERS }, () => superuser.create(names.open, { n: 0 })));
      await inParallel(WRITERS, WRITERS, async (writer) => {
        for (let n = 1; n <= UPDATES; n += 1) await superuser.update(names.open, records[writer]!.id, { n });
      });
      const total = WRITERS * UPDATES;
      const updates = (subscriber: Subscriber): RecordChange[] =>
        subscriber.changes(topic).filter(({ action }) => action === "update");
      for (const subscriber of two)
        await subscriber.stream.until(
          () => updates(subscriber).length >= total,
          `all ${total} updates`,
          scope.patienceMs,
        );
      for (const subscriber of two) for (const { id } of records) checkAscending(id, updates(subscriber));
      const [first, second] = two.map((subscriber) =>
        updates(subscriber).map(({ record: { id, n } }) => `${id} ${String(n)}`),
      );
      const at = first!.findIndex((text, index) => text !== second![index]);
      check(
        at < 0,
        `two streams received events in different orders: event ${at} is ${first![at]} on one and ${second![at]} on the other`,
      );
      scope.measure("events", total);
    },
  },
  {
    group,
    name: "Bulk event processing",
    standard: quote("Route events to appropriate handlers"),
    timeoutMs: ({ caseMs }) => 2 * caseMs,
    async run({ superuser, names, client }, scope) {
      const subscription = client(scope)
        .realtime()
        .subscribeToCollection(names.open, { capacity: 2 * BULK });
      const received = new Inbox<string>();
      subscription.forEach((event) =>
        received.push(event.action === "resync" ? `resync ${event.reason}` : event.record.id),
      );
      await subscription.ready;
      const from = performance.now();
      const made: string[] = [];
      await inParallel(BULK, 8, async (n) => void made.push((await superuser.create(names.open, { n })).id));
      await received.until(({ length }) => length >= BULK, scope.patienceMs, `the last of ${BULK} events`);
      const milliseconds = performance.now() - from;
      scope.measure("events", BULK);
      scope.measure("eventsPerSecond", (BULK / milliseconds) * 1_000);
      const missing = made.find((id) => !received.items.includes(id));
      check(missing === undefined, `the create event of ${show(missing)} never arrived`);
      check(
        received.items.length === BULK,
        `${BULK} records were created, and ${received.items.length} events arrived`,
      );
    },
  },
];

/** Waits for the event of a change on each topic, and checks that it comes once and says what happened. */
async function checkChange(
  subscriber: Subscriber,
  topics: readonly string[],
  action: string,
  expected: ApiModel,
  scope: Scope,
): Promise<void> {
  for (const topic of topics)
    checkSameRecord(await subscriber.untilChange(topic, action, expected.id), expected, topic);
  await pause(scope.clock.settleMs);
  for (const topic of topics) {
    const all = subscriber
      .changes(topic)
      // Earlier changes of the record may still be on their way.
      .filter((change) => change.record.id === expected.id && change.action === action);
    check(all.length === 1, `one ${action} made ${all.length} events of ${topic}: ${show(all)}`);
  }
}

/** An event has the same record as the API. */
function checkSameRecord(change: RecordChange, expected: ApiModel, topic: string): void {
  const { record, action } = change;
  const fault = fieldFault(record, RECORD, `the ${action} event`);
  check(fault === undefined, fault!);
  const { collectionName } = record;
  check(
    topic.startsWith(`${String(collectionName)}/`),
    `the ${action} event of ${topic} is about the collection ${show(collectionName)}`,
  );
  for (const [field, value] of Object.entries(expected))
    check(
      show(record[field]) === show(value),
      `the ${action} event has ${field} ${show(record[field])}, and the record has ${show(value)}`,
    );
}

function checkAscending(id: string, updates: readonly RecordChange[]): void {
  const values = updates.filter(({ record }) => record.id === id).map(({ record }) => Number(record["n"]));
  const at = values.findIndex((value, index) => value !== index + 1);
  check(
    at < 0,
    `updates of one record are out of order, duplicated or lost: ${show(values.slice(Math.max(0, at - 3), at + 4))}`,
  );
}
