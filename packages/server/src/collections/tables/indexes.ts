import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { problems } from "../../lib/validators.ts";
import { verbatim } from "../../store/sql.ts";
import { StoreError, type Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { engineMessage } from "./engine-message.ts";
import { quote } from "./create-table.ts";
import { buildIndex, isComplete, parseIndex } from "../model/index-definition.ts";

/**
 * Creates a collection's indexes, always on its own table whatever the statements say.
 *
 * @returns the problems that the engine reported, by index position
 */
export async function createIndexes(tx: Transaction, collection: Collection): Promise<ErrorData | undefined> {
  const found: Record<string, ValidationError | undefined> = {};
  for (const [position, statement] of collection.indexes.entries()) {
    found[position] = await createIndex(tx, statement, collection.name);
  }
  return problems(found);
}

async function createIndex(tx: Transaction, statement: string, table: string): Promise<ValidationError | undefined> {
  const index = { ...parseIndex(statement), table };
  if (!isComplete(index)) return INVALID_INDEX;
  try {
    await tx.run(verbatim(buildIndex(index)));
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const message = `Failed to create index ${index.name} - ${engineMessage(error)}.`;
    return invalid("validation_invalid_index_expression", message);
  }
}

export const INVALID_INDEX = invalid("validation_invalid_index_expression", "Invalid CREATE INDEX expression.");

export async function dropIndexes(tx: Transaction, collection: Collection): Promise<void> {
  for (const statement of collection.indexes) {
    const { name } = parseIndex(statement);
    if (name !== "") await tx.run(verbatim(`DROP INDEX IF EXISTS ${quote(name)}`));
  }
}
