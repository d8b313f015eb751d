import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import { inParallel } from "../../core/numbers.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, said } from "./document.ts";
import type { Model } from "./rest.ts";
import { Subscriber, type Told } from "./subscriber.ts";
import type { PocketBaseWorld } from "./world.ts";

const group = GROUP.events;
const WRITERS = 4;
const UPDATES = 50;
const BULK = 200;

export const eventCases: readonly Case<PocketBaseWorld>[] = [
  {
    group,
    name: "CREATE event reception",
    standard: said("CREATE event reception"),
    async run({ root, guest, names }, scope) {
      const subscriber = await Subscriber.open(scope, guest, [`${names.open}/*`]);
      const from = performance.now();
      const made = await root.create(names.open, { title: "new “❄” line\nbreak", n: 1 });
      const told = await subscriber.hears(`${names.open}/*`, "create", made.id);
      scope.measure("latencyMs", performance.now() - from);
      sameRecord(told, made);
    },
  },
  {
    group,
    name: "UPDATE event reception",
    standard: said("UPDATE event reception"),
    async run({ root, guest, names }, scope) {
      const { id } = await root.create(names.open, { title: "before" });
      const topics = [`${names.open}/*`, `${names.open}/${id}`];
      const subscriber = await Subscriber.open(scope, guest, topics);
      const from = performance.now();
      const changed = await root.update(names.open, id, { title: "after" });
      for (const topic of topics) sameRecord(await subscriber.hears(topic, "update", id), changed);
      scope.measure("latencyMs", performance.now() - from);
    },
  },
  {
    group,
    name: "DELETE event reception",
    standard: said("DELETE event reception"),
    async run({ root, guest, names }, scope) {
      const made = await root.create(names.open, { title: "short-lived", n: 7 });
      const topics = [`${names.open}/*`, `${names.open}/${made.id}`];
      const subscriber = await Subscriber.open(scope, guest, topics);
      const from = performance.now();
      await root.delete(names.open, made.id);
      for (const topic of topics) sameRecord(await subscriber.hears(topic, "delete", made.id), made);
      scope.measure("latencyMs", performance.now() - from);
    },
  },
  {
    group,
    name: "Event ordering guarantees",
    standard: said("Maintain event ordering"),
    timeoutMs: 60_000,
    async run({ root, guest, names }, scope) {
      const topic = `${names.open}/*`;
      const two = await Promise.all(
        [1, 2].map((label) => Subscriber.open(scope, guest, [topic], { label: `${label}` })),
      );
      const records = await Promise.all(Array.from({ length: WRITERS }, () => root.create(names.open, { n: 0 })));
      await inParallel(WRITERS, WRITERS, async (writer) => {
        for (let n = 1; n <= UPDATES; n += 1) await root.update(names.open, records[writer]!.id, { n });
      });
      const total = WRITERS * UPDATES;
      const updates = (subscriber: Subscriber): Told[] =>
        subscriber.told(topic).filter(({ action }) => action === "update");
      for (const subscriber of two)
        await subscriber.stream.until(
          () => updates(subscriber).length >= total,
          `all ${total} updates`,
          scope.patienceMs,
        );
      for (const subscriber of two) for (const { id } of records) ascending(id, updates(subscriber));
      const [first, second] = two.map((subscriber) =>
        updates(subscriber).map(({ record: { id, n } }) => `${id} ${String(n)}`),
      );
      const at = first!.findIndex((text, index) => text !== second![index]);
      check(
        at < 0,
        `two streams were told in different orders: event ${at} is ${first![at]} on one, ${second![at]} on the other`,
      );
      scope.measure("events", total);
    },
  },
  {
    group,
    name: "Bulk event processing",
    standard: said("Route events to appropriate handlers"),
    timeoutMs: 60_000,
    async run({ root, names, client }, scope) {
      const subscription = client(scope)
        .realtime()
        .subscribeToCollection(names.open, { capacity: 2 * BULK });
      const heard = new Inbox<string>();
      subscription.forEach((event) =>
        heard.push(event.action === "resync" ? `resync ${event.reason}` : event.record.id),
      );
      await subscription.ready;
      const from = performance.now();
      const made: string[] = [];
      await inParallel(BULK, 8, async (n) => void made.push((await root.create(names.open, { n })).id));
      await heard.until(({ length }) => length >= BULK, scope.patienceMs, `the last of ${BULK} events`);
      const milliseconds = performance.now() - from;
      scope.measure("events", BULK);
      scope.measure("eventsPerSecond", (BULK / milliseconds) * 1_000);
      const missing = made.find((id) => !heard.items.includes(id));
      check(missing === undefined, `the create of ${show(missing)} was never told`);
      check(heard.items.length === BULK, `${BULK} records were made, and ${heard.items.length} events came`);
    },
  },
];

/** An event shows a record as the API does. */
function sameRecord({ record, action }: Told, expected: Model): void {
  for (const [field, value] of Object.entries(expected))
    check(
      show(record[field]) === show(value),
      `the ${action} event has ${field} ${show(record[field])}, where the record has ${show(value)}`,
    );
}

function ascending(id: string, updates: readonly Told[]): void {
  const values = updates.filter(({ record }) => record.id === id).map(({ record }) => Number(record["n"]));
  const at = values.findIndex((value, index) => value !== index + 1);
  check(
    at < 0,
    `updates of one record are out of order, doubled or lost: ${show(values.slice(Math.max(0, at - 3), at + 4))}`,
  );
}
