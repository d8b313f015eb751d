import fc from "fast-check";
import { area } from "../lib/area.ts";
import { COLLECTIONS } from "../lib/schema.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { anyValue, recordValues } from "../lib/value-grammar.ts";
import type { World } from "../lib/world.ts";

const group = fc.oneof({ weight: 5, arbitrary: fc.constantFrom("group1", "group2") }, anyText);
const order = fc.oneof(fc.nat(50), fc.integer(), fc.double(), fc.constantFrom(2 ** 53, -1, 1e308));
const cookie = fc.oneof(
  fc.record(
    { order, group: anyText, life: anyText, version: order, pushes: order, cursor: anyText },
    { requiredKeys: ["order"] },
  ),
  anyValue,
);
const mutation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        clientID: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("client1", "client2") }, anyText),
        id: fc.oneof({ weight: 4, arbitrary: fc.nat(8) }, order),
        name: fc.oneof({ weight: 4, arbitrary: fc.constantFrom("create", "update", "delete") }, anyText),
        args: fc.oneof(
          {
            weight: 4,
            arbitrary: fc.record(
              { collection: fc.constantFrom(...COLLECTIONS), id: anyText, data: fc.oneof(recordValues, anyValue) },
              { requiredKeys: [] },
            ),
          },
          anyValue,
        ),
        timestamp: order,
      },
      { requiredKeys: ["clientID", "id", "name"] },
    ),
  },
  { weight: 1, arbitrary: anyValue },
);

const pull = fc.record({
  pullVersion: fc.constantFrom(1, 1, 1, 0, "1"),
  clientGroupID: group,
  cookie,
  profileID: anyText,
  schemaVersion: anyText,
});
const push = fc.record({
  pushVersion: fc.constantFrom(1, 1, 1, 0, null),
  clientGroupID: group,
  mutations: fc.oneof(fc.array(mutation, { maxLength: 5 }), anyValue),
  profileID: anyText,
  schemaVersion: anyText,
});

const send = (world: World, endpoint: string, body: string): Promise<number> =>
  world.send({ method: "POST", path: `/api/v1/replicache/${endpoint}`, as: "user", body });

/** Pulls with cookies that nobody issued, and pushes with odd mutations; pulls with the real cookie in between. */
export const cookies = area(
  "cookies",
  fc.record({
    pull: mutated(pull.map((value) => JSON.stringify(value))),
    push: mutated(push.map((value) => JSON.stringify(value))),
  }),
  async (world, { pull: pullText, push: pushText }) => {
    await send(world, "push", pushText);
    await send(world, "pull", pullText);
  },
);
