import { family, type Step } from "../../lib/scenario.ts";
import { create } from "./made.ts";
import { RULE_TEXTS } from "./rule-texts.ts";

const RULES: readonly unknown[] = [
  "",
  "id != ''",
  "id = ",
  "unknown = 1",
  "f = 1",
  "@request.auth.id != ''",
  "@request.unknown = 1",
  "@collection.posts.title = 'x'",
  "@collection.unknown.title = 'x'",
  "f.x = 1",
  "rel.title = 'x'",
  "rel.unknown = 'x'",
  "(id = 1",
  "id == 1",
  "id",
  "1 = 1",
  "'unterminated",
  "f:length > 1",
  "f:each = 1",
  "f:unknown = 1",
  "unknown(1) = 1",
  "strftime() = 1",
  "strftime('%Y', f) = '1'",
  "geoDistance(1,2,3,4) < 1",
  "geoDistance(1) < 1",
  "@now = f",
  "@nope = f",
  "f ~ 'x' && ",
  "f = 1 || g = 2",
  "// only a comment",
  "f = 1 // comment",
  "  ",
  "comments_via_post.id = 1",
  "é = 1",
  "f = 'é'",
  "@request.body.f:changed = true",
  "@request.body.x:isset = true",
  "@request.auth.x:isset = true",
  "id = 5.5.5",
  "f = @request.auth.posts_via_author.title",
  "$ = 1",
  "f <> 1",
  "f & g",
  "a.b.c.d = 1",
  "a..b = 1",
  5,
  ["x"],
  {},
];

const INDEXES: readonly unknown[] = [
  [""],
  ["nonsense"],
  ["CREATE INDEX idx ON t (f)"],
  ["CREATE INDEX `idx_ok` ON `whatever` (`f`)"],
  ["CREATE UNIQUE INDEX idx_unique ON t (f)"],
  ["CREATE INDEX IF NOT EXISTS idx_if ON t (f)"],
  ["create index idx_lower on t (f)"],
  ["CREATE INDEX idx_two ON t (f, g)"],
  ["CREATE INDEX idx_desc ON t (f DESC, g COLLATE NOCASE)"],
  ["CREATE INDEX idx_where ON t (f) WHERE f != ''"],
  ["CREATE INDEX idx_missing ON t (missing)"],
  ["CREATE INDEX idx_expr ON t (lower(f))"],
  ["CREATE INDEX idx_a ON t (f)", "CREATE INDEX idx_a ON t (g)"],
  ["CREATE INDEX idx_b ON t (f)", "CREATE INDEX idx_c ON t (f)"],
  ["CREATE INDEX idx_tag_name ON t (f)"],
  ["CREATE INDEX ON t (f)"],
  ["CREATE INDEX idx_no_columns ON t ()"],
  ["CREATE TABLE x (y)"],
  ["CREATE INDEX idx_semi ON t (f); DROP TABLE posts"],
  "text",
  {},
  [5],
  [null],
  null,
];

const rule = (name: string, text: unknown): Step =>
  create({
    [name]: text,
    fields: [
      { name: "f", type: "text" },
      { name: "rel", type: "relation", collectionId: "pbc_posts" },
    ],
  });

export const RULE_ERRORS = family("collections: rules", [
  ...RULES.map((text) => rule("listRule", text)),
  ...["viewRule", "createRule", "updateRule", "deleteRule"].flatMap((name) =>
    ["unknown = 1", "id = ", null, "f = 1"].map((text) => rule(name, text)),
  ),
  ...["authRule", "manageRule"].flatMap((name) =>
    ["unknown = 1", "", null, "id != ''", "verified = true"].map((text) => create({ type: "auth", [name]: text })),
  ),
]);

export const RULE_MISTAKES = family(
  "collections: mistakes in rules",
  RULE_TEXTS.map((text) => rule("listRule", text)),
);

export const INDEX_ERRORS = family(
  "collections: indexes",
  INDEXES.map((indexes) =>
    create({
      indexes,
      fields: [
        { name: "f", type: "text" },
        { name: "g", type: "number" },
      ],
    }),
  ),
);
