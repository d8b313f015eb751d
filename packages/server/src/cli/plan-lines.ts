import type { ImportPlan } from "../collections/commands/import/dry-run.ts";
import type { CollectionDiff, FieldChange, Loss } from "../collections/commands/import/schema-diff.ts";

/** What an import would change, for people. */
export function planLines({ collections, loses }: ImportPlan): readonly string[] {
  if (collections.length === 0) return ["Nothing would change."];
  const lost = loses === 0 ? "No stored value would be lost." : `Values of records would be lost: ${loses} in all.`;
  return [...collections.flatMap(collectionLines), lost];
}

function collectionLines({
  action,
  name,
  type,
  from,
  options,
  fields,
  indexes,
  loses,
}: CollectionDiff): readonly string[] {
  return [
    `${action} ${name} (${type})${from === undefined ? "" : `, now ${from}`}`,
    ...options.map((option) => `  ~ ${option}`),
    ...fields.map(fieldLine),
    ...indexes.remove.map((index) => `  - ${oneLine(index)}`),
    ...indexes.add.map((index) => `  + ${oneLine(index)}`),
    ...loses.map(lossLine),
  ];
}

const SIGNS = { add: "+", remove: "-", update: "~" } as const;

const fieldLine = ({ action, name, type, from, options = [] }: FieldChange): string =>
  `  ${SIGNS[action]} ${name} (${type})${from === undefined ? "" : `, now ${from}`}${options.length > 0 ? `: ${options.join(", ")}` : ""}`;

const lossLine = ({ kind, field, records }: Loss): string =>
  field === undefined
    ? `  ! ${records} records would be deleted`
    : `  ! ${field}: ${records} records would lose ${kind === "values" ? "their value" : kind}`;

const oneLine = (index: string): string => index.replaceAll(/\s+/g, " ");
