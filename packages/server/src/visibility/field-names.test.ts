import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseSubscription } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { Principal } from "../rules/principal.ts";
import { RecordFixture, type TestResponse } from "../testing/record-fixture.ts";
import { RecordEvents } from "./record-events.ts";

/** Names that SQL, a table function, an object or a statement of ours has a meaning for. */
const NAMES = [
  // The columns of `json_each`, and the names that SQLite has for a row's number.
  "key value type atom parent fullkey path json root oid rowid",
  // Words of SQL, and names that our statements give to tables and columns.
  "select order group index values item related candidate requester total s_many",
  // What every object has, and what records and their JSON have.
  "constructor toString then toJSON items record page tokenKey Value a1",
].flatMap((names) => names.split(" "));
const PLAIN = "plain_name";

/** Plays everything that makes a statement with the field's name in it. @returns what it gave, whatever the name is */
async function play(name: string): Promise<unknown> {
  const fixture = await RecordFixture.open([
    { name: "targets", type: "base", listRule: "", viewRule: "", fields: [{ name: "t0", type: "text" }] },
  ]);
  const fields = {
    many: { type: "relation", collectionId: "targets", maxSelect: 9 },
    many_needed: { type: "relation", collectionId: "targets", maxSelect: 9, required: true },
    cascades: { type: "relation", collectionId: "targets", maxSelect: 9, cascadeDelete: true },
    one: { type: "relation", collectionId: "targets", maxSelect: 1 },
    text: { type: "text" },
    number: { type: "number" },
    json: { type: "json" },
    choices: { type: "select", values: ["a", "b", "c"], maxSelect: 3 },
  };
  const given: unknown[] = [];
  for (const [kind, options] of Object.entries(fields)) {
    const collection = `s_${kind}`;
    const rule = options.type === "relation" ? `${name}.t0 ?!= 'x'` : `${name} != 'x'`;
    const rules = { listRule: rule, viewRule: rule, createRule: rule, updateRule: rule, deleteRule: rule };
    await fixture.addCollection({ name: collection, type: "base", fields: [{ name, ...options }], ...rules });
    given.push([kind, await playKind(fixture, collection, name, options.type === "relation")]);
  }
  return given;
}

async function playKind(
  fixture: RecordFixture,
  collection: string,
  name: string,
  isRelation: boolean,
): Promise<unknown> {
  const as = fixture.superuser();
  let made = 0;
  // The same ids in each play: a sort by the field is a sort by them.
  const newId = (): string => `${collection.replaceAll("_", "")}${(made += 1)}`.padEnd(15, "0");
  const given: unknown[] = [];
  const targets = isRelation ? [newId(), newId(), newId()] : [];
  for (const id of targets) await fixture.create("targets", { as, body: { id, t0: "y" } });
  const change = async (work: () => Promise<TestResponse>): Promise<void> => {
    const changes = await fixture.changesOf(async () => given.push(await work()));
    given.push(changes.map(({ action, before, after }) => ({ action, before, after })));
    given.push(await eventsOf(fixture, collection, as, changes));
  };
  const values = isRelation ? [targets.slice(0, 2), targets.slice(2)] : [["a"], ["b", "c"]];
  const sources = [newId(), newId()];
  for (const [i, id] of sources.entries()) {
    await change(() => fixture.create(collection, { body: { id, [name]: values[i] } }));
  }
  await change(() => fixture.update(collection, sources[0]!, { body: { [`${name}+`]: values[1] } }));
  await change(() => fixture.update(collection, sources[0]!, { body: { [name]: values[0] } }));
  const filters = isRelation
    ? [`${name}.t0 = 'y'`, `${name} ?= '${targets[0]!}'`, `${name}.id ?= '${targets[2]!}'`, `${name}:length > 1`]
    : [`${name} = 'a'`, `${name} ~ 'b'`, `${name}:each ?= 'b'`, `${name} > 0`];
  for (const filter of [...filters, `${name} = null`, ""]) {
    const query = { filter, sort: `-${name},${name}`, expand: name, fields: `id,${name},expand` };
    given.push(await fixture.list(collection, { query }));
    given.push(await fixture.list(collection, { as, query }));
  }
  const back = `${collection}_via_${name}`;
  if (isRelation) {
    given.push(await fixture.list("targets", { as, query: { filter: `${back}.id != ''`, expand: back } }));
    await change(() => fixture.update("targets", targets[0]!, { as, body: { t0: "x" } }));
    for (const id of targets) await change(() => fixture.remove("targets", id, { as }));
  }
  given.push(await fixture.list(collection, { as }));
  for (const id of sources) await change(() => fixture.remove(collection, id, { as }));
  return given;
}

/** What listeners of both kinds, with and without a filter, get of the changes. */
async function eventsOf(
  fixture: RecordFixture,
  collection: string,
  as: Principal,
  changes: readonly Change[],
): Promise<unknown> {
  const schema = fixture.context().schema;
  const events = new RecordEvents({ reader: fixture.store, schema: () => schema, files: fixture.files });
  const queries: Record<string, string>[] = [
    {},
    { transitions: "enter-leave" },
    { transitions: "enter-leave", filter: "id != ''" },
  ];
  const received: unknown[] = [];
  for (const query of queries) {
    const subscription = parseSubscription(`${collection}/*?options=${encodeURIComponent(JSON.stringify({ query }))}`);
    for (const principal of [as, fixture.context().principal]) {
      for (const change of changes) {
        const event = events.topicsOf(change).includes(subscription.topic)
          ? await events.eventFor(change, subscription, principal, "live")
          : undefined;
        received.push(typeof event === "object" ? JSON.parse(event.data) : event);
        if ("transitions" in query) {
          const others = await events.visibilityChanges(change, subscription, principal);
          received.push(typeof others === "string" ? others : others.map(({ data }) => JSON.parse(data) as unknown));
        }
      }
    }
  }
  return received;
}

const plain = play(PLAIN);

/** Puts the plain name in the place of another one, wherever that stands. */
const renamed = (given: unknown, name: string): unknown =>
  JSON.parse(JSON.stringify(given).replaceAll(`"${name}"`, `"${PLAIN}"`).replaceAll(`_via_${name}"`, `_via_${PLAIN}"`));

test("the name of a field changes nothing but the name", async () => {
  for (const name of NAMES) expect([name, renamed(await play(name), name)]).toEqual([name, renamed(await plain, name)]);
}, 600_000);

test("nor does any other name that a field may have", async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^_?[a-zA-Z][a-zA-Z0-9_]{0,12}$/), async (name) => {
      fc.pre(!/^(id|null|true|false|expand|collectionid|collectionname|_rowid_)$/i.test(name) && !/_via_/i.test(name));
      expect(renamed(await play(name), name)).toEqual(renamed(await plain, name));
    }),
    { numRuns: 3 },
  );
}, 120_000);
