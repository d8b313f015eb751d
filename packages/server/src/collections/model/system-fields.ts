import { hasUniqueIndex } from "./index-definition.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { normaliseFields } from "./normalise-fields.ts";
import type { Field, FieldOf, FieldType } from "../fields/field.ts";
import { parseField } from "../fields/field-kinds.ts";
import { DEFAULT_ID_PATTERN } from "../fields/text.ts";
import { randomText, LOWER_ALPHANUMERIC } from "../../lib/random.ts";

/** Adds the fields that every collection of the type must have, and corrects those that were changed. */
export function withSystemFields(draft: CollectionDraft): CollectionDraft {
  if (draft.type !== "base" && draft.type !== "auth") return draft;
  const fields = withId(normaliseFields(draft.fields));
  if (draft.type === "base") return { ...draft, fields };
  return withAuthIndexes({ ...draft, fields: AUTH_FIELDS.reduce((list, add) => add(list), fields) });
}

function withId(fields: readonly Field[]): readonly Field[] {
  const id = fields.find(isNamed("id", "text"));
  if (!id) return normaliseFields([NEW_ID, ...fields]);
  const pattern = id.pattern || DEFAULT_ID_PATTERN;
  return replace(fields, id, { ...id, system: true, required: true, primaryKey: true, hidden: false, pattern });
}

const NEW_ID = parseField({
  name: "id",
  type: "text",
  system: true,
  primaryKey: true,
  required: true,
  min: 15,
  max: 15,
  pattern: DEFAULT_ID_PATTERN,
  autogeneratePattern: "[a-z0-9]{15}",
});

const isNamed =
  <Type extends FieldType>(name: string, type: Type) =>
  (field: Field): field is FieldOf<Type> & Field =>
    field.name === name && field.type === type;

const replace = (fields: readonly Field[], old: Field, changed: Field): readonly Field[] =>
  fields.map((field) => (field === old ? changed : field));

/** Adds the field with its defaults, or forces the flags on an existing one. */
const systemField =
  (name: string, type: FieldType, defaults: object, forced: Partial<Pick<Field, "system" | "hidden" | "required">>) =>
  (fields: readonly Field[]): readonly Field[] => {
    const field = fields.find(isNamed(name, type));
    if (field) return replace(fields, field, { ...field, ...forced });
    return normaliseFields([...fields, parseField({ name, type, ...defaults, ...forced })]);
  };

const HIDDEN = { system: true, hidden: true, required: true };
const TOKEN_KEY = { min: 30, max: 60, autogeneratePattern: "[a-zA-Z0-9]{50}" };

const AUTH_FIELDS = [
  systemField("password", "password", { min: 8 }, HIDDEN),
  systemField("tokenKey", "text", TOKEN_KEY, HIDDEN),
  systemField("email", "email", { required: true }, { system: true, hidden: false }),
  systemField("emailVisibility", "bool", {}, { system: true }),
  systemField("verified", "bool", {}, { system: true }),
];

function withAuthIndexes(draft: CollectionDraft): CollectionDraft {
  const indexes = [...draft.indexes];
  for (const [column, where] of [
    ["tokenKey", ""],
    ["email", " WHERE `email` != ''"],
  ] as const) {
    if (hasUniqueIndex(draft, column)) continue;
    indexes.push(`CREATE UNIQUE INDEX \`${indexName(draft, column)}\` ON \`${draft.name}\` (\`${column}\`)${where}`);
  }
  return { ...draft, indexes };
}

const indexName = ({ id, name }: CollectionDraft, column: string): string =>
  `idx_${column}_${id || name || randomText(10, LOWER_ALPHANUMERIC)}`.slice(0, 64);
