import { LRUCache } from "lru-cache";
import { type Sql, sql, toQuery } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { anyOf } from "./find-record.ts";

/** A relation whose records have to exist. */
export interface RelationCheck {
  /** Of the field. */
  readonly name: string;
  /** The name of the collection that it leads to. */
  readonly related: string;
  /** At least one, each once. */
  readonly ids: readonly string[];
}

/** The names of those relations that lead to records that don't exist. Takes one statement, which is kept. */
export async function missingRelations(reader: Reader, checks: readonly RelationCheck[]): Promise<readonly string[]> {
  if (checks.length === 0) return [];
  const values = checks.map(({ ids }) => (ids.length === 1 ? ids[0]! : JSON.stringify(ids)));
  const row = await reader.first({ text: textOf(checks), values });
  return checks.filter(({ ids }, index) => row?.[`n${index}`] !== ids.length).map(({ name }) => name);
}

const texts = new LRUCache<string, string>({ max: 500 });

function textOf(checks: readonly RelationCheck[]): string {
  const key = checks.map(({ related, ids }) => `${related}${ids.length === 1 ? "" : "*"}`).join();
  let text = texts.get(key);
  if (text === undefined) {
    const counts = checks.map((check, index) => sql`(${countOf(check)}) AS ${sql.id(`n${index}`)}`);
    texts.set(key, (text = toQuery(sql`SELECT ${sql.join(counts)}`).text));
  }
  return text;
}

const countOf = ({ related, ids }: RelationCheck): Sql =>
  ids.length === 1
    ? sql`SELECT count(*) FROM ${sql.id(related)} WHERE id = ${null}`
    : sql`SELECT count(*) FROM ${sql.id(related)} WHERE id IN ${anyOf([])}`;
