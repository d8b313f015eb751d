import type { JsonValue } from "@headwater/protocol";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { isPassword, isTokenKey } from "../../collections/model/logged-values.ts";
import { type Collection, findField } from "../../collections/model/collection.ts";
import { Schema } from "../../collections/model/schema.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { FieldOperand, Operand } from "../../rules/resolve/condition.ts";
import type { CollectionQueryBuilder } from "../../rules/sql/collection-query-builder.ts";
import { RuleError } from "../../rules/syntax/rule-error.ts";
import { type Sql, sql, type SqlValue } from "../../store/sql.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type AggregateValue, problem } from "./aggregate-params.ts";
import { queryBuilder } from "./select-records.ts";

type Decode = (stored: SqlValue) => JsonValue;

/** A field that records are grouped by, or that a value is computed from. */
export interface AggregateField {
  readonly value: Sql;
  readonly decode: Decode;
}

/** Reads fields as an answer shows them. Its joins belong to the statement. */
export class AggregateFields {
  readonly builder: CollectionQueryBuilder;
  readonly #collection: Collection;
  readonly #trust: "trusted" | "client";

  constructor(context: RecordContext, collection: Collection) {
    this.builder = queryBuilder({ ...context, schema: visibleSchema(context.schema) }, collection);
    this.#collection = collection;
    this.#trust = isSuperuser(context.principal) ? "trusted" : "client";
  }

  /** @throws ApiError 400 for what the requester may not read, the same whether it exists or not */
  group(path: string): AggregateField {
    const { operand, value } = this.#read("groupBy", path);
    return { value, decode: decoderOf(operand, this.#collection) };
  }

  /** @throws ApiError 400 also for a field that this can't be computed from */
  argument({ function: name, path = "" }: AggregateValue): AggregateField {
    const { operand, value } = this.#read("select", path);
    const { steps, access } = operand;
    if (access.kind === "each" || steps.some(({ many }) => many)) {
      throw problem(
        "select",
        `"${path}" may have many values for one record: group by it, or aggregate its collection.`,
      );
    }
    const decode = decoderOf(operand, this.#collection);
    if (name === "min" || name === "max") {
      if (access.kind === "column" && access.column.multiple) throw problem("select", `"${path}" is a list.`);
      return { value: filled(value), decode };
    }
    if (name === "count") return { value: filled(value), decode };
    if (access.kind === "json") return { value: numbersOf(value), decode };
    const isNumber = access.kind === "length" || access.column.type === "number" || access.column.type === "bool";
    if (!isNumber) throw problem("select", `"${path}" is not a number.`);
    return { value, decode };
  }

  #read(parameter: string, path: string): { readonly operand: FieldOperand; readonly value: Sql } {
    try {
      const { operand, value } = this.builder.shown(path, this.#trust);
      if (isShowable(operand, this.#collection)) return { operand, value };
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
    }
    throw problem(parameter, `"${path}" is not a field that you may read.`);
  }
}

/** Answers show what the client may see of other records, also where its filters read more (docs/decisions/0021). */
function visibleSchema(schema: Schema): Schema {
  if (schema.clientFilters === "visible") return schema;
  let visible = visibleSchemas.get(schema);
  if (!visible) visibleSchemas.set(schema, (visible = new Schema(schema.collections, "visible")));
  return visible;
}

const visibleSchemas = new WeakMap<Schema, Schema>();

/** Nobody reads a hash or a token key, not even a superuser. */
function isShowable(operand: Operand, collection: Collection): operand is FieldOperand {
  if (operand.kind !== "field") return false;
  const owner = operand.steps.at(-1)?.collection ?? collection;
  const field = findField(owner, operand.access.column.name);
  return field !== undefined && !isPassword(field) && !isTokenKey(field, owner);
}

function decoderOf({ steps, access }: FieldOperand, collection: Collection): Decode {
  const field = findField(steps.at(-1)?.collection ?? collection, access.column.name);
  if (access.kind !== "column" || access.lower || !field) return plain;
  const kind = kindOf(field);
  // A record without the related record has no value; a record of its own always has one.
  return (stored) => (stored === null ? null : kind.fromColumn(field, stored));
}

export const plain: Decode = (stored) =>
  stored instanceof Uint8Array || typeof stored === "bigint" ? String(stored) : stored;

/** An empty text is no value: that is how a field without one is stored. */
const filled = (value: Sql): Sql => sql`NULLIF(${value}, '')`;

/** In a json field, a text is no number. */
const numbersOf = (value: Sql): Sql => sql`iif(typeof(${value}) IN ('integer', 'real'), ${value}, NULL)`;
