import fc from "fast-check";
import { area } from "../lib/area.ts";
import { expandText, fieldsText, filterText, sortText } from "../lib/filter-grammar.ts";
import { COLLECTIONS } from "../lib/schema.ts";
import { anyText, queryOf } from "../lib/texts.ts";
import { ROLES } from "../lib/world.ts";

const count = fc.oneof(fc.integer().map(String), fc.constantFrom("1", "2", "-1", "1e9", "1000"), anyText);

const all = fc.record(
  {
    filter: filterText,
    sort: sortText,
    fields: fieldsText,
    expand: expandText,
    page: count,
    perPage: count,
    skipTotal: fc.constantFrom("1", "true", "x"),
  },
  { requiredKeys: [] },
);

/** Lists and views with filters, sorts, fields and expands of the grammar. */
export const filters = area(
  "filters",
  fc.record({
    collection: fc.oneof({ weight: 6, arbitrary: fc.constant("things") }, fc.constantFrom(...COLLECTIONS)),
    as: fc.constantFrom(...ROLES),
    isView: fc.nat(5).map((n) => n === 0),
    query: fc.oneof(
      { weight: 4, arbitrary: fc.record({ filter: filterText }) },
      { weight: 1, arbitrary: fc.record({ sort: sortText }) },
      { weight: 1, arbitrary: fc.record({ fields: fieldsText, expand: expandText }) },
      { weight: 1, arbitrary: all },
    ),
  }),
  async (world, { collection, as, isView, query }) => {
    const path = `/api/collections/${collection}/records${isView ? `/${world.record}` : ""}`;
    await world.send({ method: "GET", path: `${path}?${queryOf(query)}`, as });
  },
);
