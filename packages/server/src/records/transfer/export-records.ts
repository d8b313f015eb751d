import { stringify } from "csv-stringify/sync";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { badRequest, invalid } from "../../lib/api-error.ts";
import { type Row, type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import type { RecordContext } from "../model/record-context.ts";
import { queryBuilder } from "../query/select-records.ts";
import { isUnreadableRule } from "../query/unreadable-rule.ts";
import { exportedFields, toCell, toObject } from "./cells.ts";
import type { CsvOptions, TransferFormat } from "./transfer-format.ts";

export interface ExportOptions extends CsvOptions {
  readonly format: TransferFormat;
  /** Names of fields; all without secrets if there are none. */
  readonly fields: readonly string[];
  readonly filter: string;
}

const REFUSED = "The export can't be made.";

/** Records that are read at a time. */
const PAGE = 500;

/**
 * All records of a collection as the text of a file, in parts. A part is read when the one before it is taken, so an export
 * takes no more memory than a part; what changes meanwhile is exported as it was or as it is.
 *
 * @throws ApiError 400 for an unknown field or an unreadable filter, before the first part
 */
export async function* exportRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  options: ExportOptions,
): AsyncGenerator<string> {
  const fields = fieldsOf(collection, options.fields);
  const { format } = options;
  const pages = pagesOf(reader, context, collection, options.filter);
  const { value: first, done } = await pages.next();
  let count = 0;
  if (format === "csv") yield csvOf([fields.map(({ name }) => name)], options, fields);
  for await (const rows of done ? [] : chained(first, pages)) {
    const records = rows.map((row) => readRow(collection, row));
    if (format === "csv") {
      yield csvOf(
        records.map((record) => fields.map((field) => toCell(field, record[field.name] ?? null, options.raw))),
        options,
        fields,
      );
    } else {
      const texts = records.map((record) => JSON.stringify(toObject(fields, record)));
      const isFirst = count === 0;
      yield format === "ndjson" ? `${texts.join("\n")}\n` : `${isFirst ? "[\n" : ",\n"}${texts.join(",\n")}`;
    }
    count += rows.length;
  }
  if (format === "json") yield count === 0 ? "[]\n" : "\n]\n";
}

async function* chained<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

const csvOf = (rows: readonly (readonly string[])[], { delimiter }: CsvOptions, fields: readonly Field[]): string =>
  rows.length === 0
    ? ""
    : stringify([...rows], {
        delimiter,
        // A CR alone would end the line for others. A line of one empty value would be no line.
        quoted_match: /[\r\n]/,
        quoted_empty: fields.length === 1,
      });

function fieldsOf(collection: Collection, names: readonly string[]): readonly Field[] {
  const all = exportedFields(collection);
  if (names.length === 0) return all;
  return names.map((name) => {
    const field = all.find((each) => each.name === name);
    if (field) return field;
    const message = `"${name}" is not a field that can be exported.`;
    throw badRequest(REFUSED, { fields: invalid("validation_invalid_field", message) });
  });
}

async function* pagesOf(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  filter: string,
): AsyncGenerator<readonly Row[]> {
  if (collection.type === "view") return yield* pagesOfView(reader, context, collection, filter);
  const key = sql.id(collection.name, "_rowid_");
  for (let last = 0; ;) {
    const rows = await pageAfter(reader, context, collection, filter, {
      after: sql`${key} > ${last}`,
      position: key,
      limit: PAGE,
    });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    last = Number(rows.at(-1)![POSITION]);
  }
}

/** No field has this name. */
const POSITION = "@position";

/** The ids of a view may repeat: what has the last id of a page comes with the next one. */
async function* pagesOfView(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  filter: string,
): AsyncGenerator<readonly Row[]> {
  const key = sql.id(collection.name, "id");
  let limit = PAGE;
  for (let from = ""; ;) {
    const after = sql`${key} >= ${from}`;
    const rows = await pageAfter(reader, context, collection, filter, { after, position: key, limit });
    if (rows.length < limit) {
      if (rows.length > 0) yield rows;
      return;
    }
    const last = String(rows.at(-1)![POSITION]);
    const complete = rows.filter((row) => row[POSITION] !== last);
    if (complete.length > 0) yield complete;
    limit = complete.length > 0 ? PAGE : limit * 2;
    from = last;
  }
}

async function pageAfter(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  filter: string,
  { after, position, limit }: { readonly after: Sql; readonly position: Sql; readonly limit: number },
): Promise<readonly Row[]> {
  try {
    const builder = queryBuilder(context, collection);
    builder.requireOwn(after);
    if (filter !== "") builder.requireFilter(filter, "trusted");
    const { from, distinct } = builder.records();
    const table = sql.id(collection.name);
    const columns = distinct ? sql`DISTINCT ${table}.*` : sql`${table}.*`;
    return await reader.all(
      sql`SELECT ${columns}, ${position} AS ${sql.id(POSITION)} ${from} ORDER BY ${position} LIMIT ${limit}`,
    );
  } catch (error) {
    if (!isUnreadableRule(error)) throw error;
    const problem = invalid("validation_invalid_filter", `Invalid filter: ${(error as Error).message}.`);
    throw badRequest(REFUSED, { filter: problem }, error);
  }
}
