import fc from "fast-check";
import { area } from "../lib/area.ts";
import { anyText, encode, mutated, queryOf } from "../lib/texts.ts";
import { ROLES } from "../lib/world.ts";

const part = fc.oneof(
  mutated(fc.constantFrom("things", "a.txt", "a.txt.attrs", "RECORD", "storage", "data.db")),
  anyText,
);

/** Downloads of files that do not exist, by odd names. */
export const files = area(
  "files",
  fc.record({
    parts: fc.tuple(part, part, part),
    isEncoded: fc.boolean(),
    query: fc.record({ thumb: anyText, token: anyText, download: anyText }, { requiredKeys: [] }),
    range: fc.constantFrom("bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,1-1", "x"),
    as: fc.constantFrom(...ROLES),
  }),
  async (world, { parts, isEncoded, query, range, as }) => {
    const names = parts.map((text) => text.replace("RECORD", world.record));
    const path = names.map(isEncoded ? encode : (text) => encodeURI(text.toWellFormed())).join("/");
    await world.send({ method: "GET", path: `/api/files/${path}?${queryOf(query)}`, headers: { range }, as });
  },
);
