import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { recordId, type RecordValues } from "@headwater/protocol";
import { sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { insertRow } from "../write/write-row.ts";
import { matchesSearch } from "./matches-search.ts";
import { readSearch } from "./search.ts";
import { searchSource } from "./search-sql.ts";

setDefaultTimeout(120_000);

const TOKENIZERS = ["unicode61", "porter", "trigram"];
const fixture = await RecordFixture.open(
  TOKENIZERS.map((tokenizer) => ({
    name: tokenizer,
    type: "base",
    listRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "body", type: "editor" },
      { name: "tags", type: "select", maxSelect: 3, values: ["new york", "Old", "running"] },
      { name: "secret", type: "text", hidden: true },
    ],
    search: { fields: ["title", "body", "tags", "secret"], tokenizer },
  })),
);

const WORD = fc.constantFrom(
  ..."run running runs Café cafe CAFÉ naïve straße STRASSE ÅSA Ⅷ ﬁn 東京 東 день День 𝒳 a ab abc abcd x1 1.5 don't foo-bar foo_bar <p>hi</p> & ! ﷺ İstanbul e\u0301".split(
    " ",
  ),
);
const TEXT = fc.oneof(
  fc.array(WORD, { maxLength: 8 }).map((words) => words.join(" ")),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.toWellFormed()),
);
const TERM = fc.oneof(
  WORD,
  WORD.map((word) => `${word.slice(0, 2)}*`),
  WORD.map((word) => `-${word}`),
  fc.array(WORD, { minLength: 1, maxLength: 3 }).map((words) => `"${words.join(" ")}"`),
  fc.tuple(WORD, WORD).map(([a, b]) => `"${a} ${b.slice(0, 1)}"*`),
  fc.constantFrom('"', "*", "-", "()", "AND", "OR", "NOT", "NEAR(a b)", "title:run", '""', "^a", "a+b", '-"', "\0"),
);
const SEARCH = fc.oneof(
  fc.array(TERM, { minLength: 1, maxLength: 4 }).map((terms) => terms.join(" ")),
  TEXT,
);
const RECORD = fc.record({
  title: TEXT,
  body: TEXT,
  tags: fc.subarray(["new york", "Old", "running"]),
  secret: TEXT,
});

let next = 0;
test.each(TOKENIZERS)("a search finds in memory what FTS5 finds: %s", async (tokenizer) => {
  const collection = fixture.collection(tokenizer);
  await fc.assert(
    fc.asyncProperty(
      fc.array(RECORD, { minLength: 1, maxLength: 3 }),
      fc.array(SEARCH, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (records, searches, seesHidden) => {
        const values = records.map((record): RecordValues => ({
          ...record,
          id: recordId(`r${String((next += 1)).padStart(14, "0")}`),
        }));
        await fixture.store.write(async (tx) => {
          for (const record of values) await insertRow(tx, collection, record);
        });
        for (const text of searches) {
          const search = readSearch(collection, text, seesHidden);
          if (!search) continue;
          const { index, condition } = searchSource(collection, search);
          const rows = await fixture.store.all(
            sql`SELECT id FROM ${index ?? sql``}${sql.id(collection.name)} WHERE ${condition}`,
          );
          const found = new Set(rows.map(({ id }) => id));
          for (const record of values) {
            expect({ text, record, found: found.has(record.id) }).toEqual({
              text,
              record,
              found: matchesSearch(collection, search, record),
            });
          }
        }
      },
    ),
    { numRuns: 150 },
  );
});
