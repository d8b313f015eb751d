import fc, { type Arbitrary } from "fast-check";
import { area } from "../lib/area.ts";
import { expandText, fieldsText, filterText } from "../lib/filter-grammar.ts";
import { COLLECTIONS } from "../lib/schema.ts";
import { anyText, encode, mutated } from "../lib/texts.ts";
import { anyValue } from "../lib/value-grammar.ts";

const query = fc.record(
  {
    filter: filterText,
    expand: expandText,
    fields: fieldsText,
    transitions: fc.constantFrom("enter-leave", "create-delete", "x"),
    presence: fc.oneof(
      anyText,
      fc.record({ state: anyValue, key: anyText }).map((option) => JSON.stringify(option)),
    ),
  },
  { requiredKeys: [] },
);
const options = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ query, headers: fc.dictionary(anyText, anyText, { maxKeys: 2 }) }, { requiredKeys: [] }),
  },
  { weight: 1, arbitrary: anyValue },
);

const target = fc
  .tuple(
    fc.constantFrom("", "", "@"),
    fc.oneof(fc.constantFrom(...COLLECTIONS, "chat"), anyText),
    fc.constantFrom("/*", "/*", "", "/abc", "/", "/../*"),
  )
  .map((parts) => parts.join(""));

/** A topic, with options or without. */
export const topicText: Arbitrary<string> = mutated(
  fc
    .tuple(fc.oneof(target, fc.constant("*")), fc.option(options, { nil: undefined }))
    .map(([name, value]) => (value === undefined ? name : `${name}?options=${encode(JSON.stringify(value))}`)),
);

/** Subscriptions of event streams. Writes follow, so that rules and filters are evaluated. */
export const realtime = area(
  "realtime",
  fc.record({
    subscriptions: fc.oneof(
      { weight: 6, arbitrary: fc.array(topicText, { maxLength: 6 }) },
      { weight: 1, arbitrary: anyValue },
    ),
    clientId: fc.option(anyValue, { nil: undefined, freq: 8 }),
    extra: fc.dictionary(anyText, anyValue, { maxKeys: 2 }),
  }),
  async (world, { subscriptions, clientId, extra }) => {
    const body = { ...extra, clientId: clientId ?? (await world.clientId()), subscriptions };
    const json = JSON.stringify(body);
    await world.send({ method: "POST", path: "/api/realtime", body: json });
    const size = JSON.stringify({ size: Array.isArray(subscriptions) ? subscriptions.length : 0 });
    await world.send({ method: "PATCH", path: `/api/collections/things/records/${world.record}`, body: size });
  },
);
