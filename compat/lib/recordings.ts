import { join } from "node:path";
import type { Answer } from "./answer.ts";
import type { Family } from "./scenario.ts";

/** The PocketBase whose answers are recorded. */
export const RECORDED_VERSION = "0.40.6";

const FOLDER = join(import.meta.dir, "..", "recorded", `pocketbase-${RECORDED_VERSION}`);
const fileOf = (family: string): string => join(FOLDER, `${family.replaceAll(/\W+/g, "-")}.jsonl`);

/** Characters. Of longer bodies only the start and a checksum are recorded. */
const MAX_BODY = 1_000;

/** A body as it is recorded. */
export const shorten = (body: string): string =>
  body.length <= MAX_BODY
    ? body
    : `<${body.length} characters, SHA-256 ${new Bun.CryptoHasher("sha256").update(body).digest("hex")}> ${body.slice(0, 200)}`;

/** The recorded answers of a family, by the name of the scenario. */
export type Recording = ReadonlyMap<string, readonly Answer[]>;

/** Headers as a number are those of the line with that number at the top of the file. */
type Line = readonly [name: string, ...answers: (readonly [status: number, headers: number, body: unknown])[]];

/** Writes a line for each scenario, sets of headers first. JSON bodies are stored as JSON if that keeps every byte. */
export async function writeRecording({ name }: Family, recording: Recording): Promise<void> {
  const sets = new Map<string, number>();
  const lines = [...recording].map(([scenario, answers]): Line => [
    scenario,
    ...answers.map(
      ({ status, headers, body }) => [status, indexOf(sets, JSON.stringify(headers)), pack(shorten(body))] as const,
    ),
  ]);
  await Bun.write(
    fileOf(name),
    [`[${[...sets.keys()].join(",")}]`, ...lines.map((line) => JSON.stringify(line)), ""].join("\n"),
  );
}

function indexOf(sets: Map<string, number>, headers: string): number {
  const index = sets.get(headers) ?? sets.size;
  sets.set(headers, index);
  return index;
}

export async function readRecording({ name }: Family): Promise<Recording> {
  const file = Bun.file(fileOf(name));
  if (!(await file.exists())) return new Map();
  const [first = "[]", ...rest] = (await file.text()).trim().split("\n");
  const sets = JSON.parse(first) as readonly Answer["headers"][];
  const lines = rest.map((line) => JSON.parse(line) as Line);
  return new Map(
    lines.map(([scenario, ...answers]) => [
      scenario,
      answers.map(([status, headers, body]) => ({ status, headers: sets[headers]!, body: unpack(body) })),
    ]),
  );
}

const unpack = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));

function pack(body: string): unknown {
  if (!/^[[{]/.test(body)) return body;
  try {
    const value: unknown = JSON.parse(body);
    return unpack(value) === body ? value : body;
  } catch {
    return body;
  }
}
