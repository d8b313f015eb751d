import { isMultiple, type RelationField } from "../collections/fields/field.ts";
import { hasUniqueIndex } from "../collections/model/index-definition.ts";
import type { CollectionDescription } from "./collection-description.ts";

/** The TypeScript name of each collection, by its id. */
export type TypeNames = ReadonlyMap<string, string>;

/** The members of a record's `expand`: its relations and its back-relations. */
export function expandTypes(
  collection: CollectionDescription,
  all: readonly CollectionDescription[],
  names: TypeNames,
): string[] {
  const forward = relationsOf(collection).flatMap((field) =>
    member(field.name, names.get(field.collectionId), isMultiple(field)),
  );
  const backward = all.flatMap((other) =>
    relationsOf(other)
      .filter((field) => field.collectionId === collection.id)
      .flatMap((field) =>
        member(`${other.name}_via_${field.name}`, names.get(other.id), !hasUniqueIndex(other, field.name)),
      ),
  );
  return [...forward, ...backward];
}

const relationsOf = ({ fields }: CollectionDescription): RelationField[] =>
  fields.filter((field): field is RelationField => field.type === "relation");

/** Empty for a relation to one of the server's collections. */
const member = (name: string, target: string | undefined, many: boolean): string[] =>
  target === undefined ? [] : [`readonly ${name}?: ${many ? `readonly ${target}Record[]` : `${target}Record`};`];
