import { join } from "node:path";
import { adviseIndexes, type IndexAdvice, type IndexReport } from "../records/advice/index-advice.ts";
import { openExistingFolder } from "./existing-folder.ts";
import { type CollectionsPlace, send, signInAt } from "./remote-server.ts";

/** The exit code if there is advice. */
const HAS_ADVICE = 2;

/**
 * Prints which indexes the collections lack. A folder's rules are measured; a server also knows what its clients ask.
 *
 * @param limitMs how long measuring a folder may take
 * @throws UserError if the place can't be read
 */
export async function doctor(place: CollectionsPlace, limitMs: number, asJson: boolean): Promise<void> {
  const report = "url" in place ? await reportOfServer(place) : await reportOfFolder(place.dir, limitMs);
  process.stdout.write(`${asJson ? JSON.stringify(report, null, 2) : reportLines(report).join("\n")}\n`);
  if (report.advice.length > 0) process.exitCode = HAS_ADVICE;
}

async function reportOfServer({
  url,
  superuser,
}: Extract<CollectionsPlace, { readonly url: string }>): Promise<IndexReport> {
  const server = await signInAt(url, superuser);
  return (await send(server, "GET", "/api/collections/meta/index-advice")) as IndexReport;
}

async function reportOfFolder(dir: string, limitMs: number): Promise<IndexReport> {
  const folder = await openExistingFolder(dir);
  try {
    const { store, registry, files } = folder;
    const context = { schema: registry.current, now: new Date(), files, background: () => {} };
    return await adviseIndexes({ reader: store, path: join(dir, "data.db"), context, used: [], limitMs });
  } finally {
    await folder.close();
  }
}

function reportLines({ advice, unindexable, skipped }: IndexReport): readonly string[] {
  return [
    ...(advice.length === 0 ? ["No collection lacks an index."] : advice.flatMap(adviceLines)),
    ...unindexable.map(
      ({ collection, field, readBy }) =>
        `${collection}.${field} holds many values, which no index can find. It is read by: ${readBy.join(", ")}.`,
    ),
    ...(skipped.length === 0 ? [] : [`There was no time to measure ${skipped.join(", ")}. See --advice-seconds.`]),
  ];
}

const adviceLines = ({ collection, columns, statement, records, beforeMs, afterMs, gainedBy, uses }: IndexAdvice) => [
  `${collection} (${columns.join(", ")}): ${beforeMs} ms without, ${afterMs} ms with an index; ${records} records`,
  `  for the ${gainedBy.join(", the ")}${uses > 0 ? `; run ${uses} times` : ""}`,
  `  ${statement}`,
];
