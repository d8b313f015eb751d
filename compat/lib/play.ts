import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { forgedTokens } from "../fixture/forged-tokens.ts";
import type { Fixture } from "../fixture/fixture.ts";
import type { Answer } from "./answer.ts";
import { sendRaw } from "./http-client.ts";
import { sortKeys } from "./json.ts";
import { Normaliser } from "./normalise.ts";
import type { Body, Part, Scenario, Step } from "./scenario.ts";

/** How long to wait for events. */
const EVENTS_MS = 10_000;
const FORGED = forgedTokens();
const BOUNDARY = "compat-boundary";

/** Plays the steps of a scenario against a server, one after the other. */
export async function playScenario(url: string, fixture: Fixture, { steps }: Scenario): Promise<Answer[]> {
  const player = new Player(url, fixture);
  try {
    const answers: Answer[] = [];
    for (const step of steps) answers.push(await player.play(step));
    return new Normaliser(fixture, steps).normalise(answers);
  } finally {
    player.close();
  }
}

class Player {
  readonly #bodies: unknown[] = [];
  #stream: SseClient | undefined;
  /** Events that an earlier step has taken. */
  #seen = 0;

  constructor(
    readonly url: string,
    readonly fixture: Fixture,
  ) {}

  async play(step: Step): Promise<Answer> {
    const answer = await (step.stream === undefined ? this.#send(step) : this.#playStream(step.stream));
    this.#bodies.push(parseJson(answer.body));
    return answer;
  }

  close(): void {
    this.#stream?.close();
  }

  async #send(step: Step): Promise<Answer> {
    const [method, target] = splitLine(this.#fill(step.send));
    const token = step.as === "guest" ? undefined : this.fixture.accounts[step.as]!.token;
    const body = step.body && encodeBody(step.body, (text) => this.#fill(text));
    const given = Object.entries(step.headers ?? {}).map(([name, value]) => [name, this.#fill(value)]);
    const headers = {
      ...(token !== undefined && { Authorization: token }),
      ...(body?.type !== undefined && { "Content-Type": body.type }),
      ...Object.fromEntries(given),
    };
    const { status, headers: fields, body: bytes } = await sendRaw(this.url, method, target, headers, body?.bytes);
    return { status, headers: joinHeaders(fields), body: textOf(bytes) };
  }

  async #playStream(stream: NonNullable<Step["stream"]>): Promise<Answer> {
    if ("open" in stream) {
      this.#stream = await SseClient.connect(this.url);
      return { status: 200, headers: {}, body: JSON.stringify({ clientId: this.#stream.id }) };
    }
    const { inbox } = this.#stream!;
    // What is missing then shows as a difference.
    await inbox.until(({ length }) => length >= this.#seen + stream.events, EVENTS_MS).catch(() => undefined);
    // Events of one change come in any order.
    const texts = inbox.items
      .slice(this.#seen)
      .map(({ event, data }) => JSON.stringify([event, sortKeys(parseJson(data))]));
    this.#seen = inbox.items.length;
    texts.sort();
    return { status: 200, headers: {}, body: `[${texts.join(",")}]` };
  }

  #fill(text: string): string {
    return text.replace(/\{\{(.+?)\}\}/g, (_, key: string) => this.#value(key));
  }

  #value(key: string): string {
    const known = this.fixture.files[key] ?? FORGED.get(key.replace("forged token: ", ""));
    if (known !== undefined) return known;
    const [first = "", ...path] = key.split(".");
    let value: unknown = /^\d+$/.test(first) ? this.#bodies[Number(first)] : this.fixture.accounts[first];
    if (value === undefined) throw new Error(`nothing is called {{${key}}}`);
    for (const name of path) value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
    // An earlier answer may lack it: the next request then differs as well.
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "missing");
  }
}

function splitLine(line: string): [string, string] {
  const space = line.indexOf(" ");
  return [line.slice(0, space), line.slice(space + 1)];
}

/** Several headers of one name mean the same as one with commas. */
function joinHeaders(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  return headers;
}

function encodeBody(body: Body, fill: (text: string) => string): { type: string | undefined; bytes: Uint8Array } {
  switch (body.kind) {
    case "json":
      return { type: "application/json", bytes: Buffer.from(fill(JSON.stringify(body.value))) };
    case "raw":
      return { type: body.type, bytes: Buffer.from(fill(body.text)) };
    case "form":
      return { type: `multipart/form-data; boundary=${BOUNDARY}`, bytes: encodeForm(body.parts, fill) };
  }
}

function encodeForm(parts: readonly Part[], fill: (text: string) => string): Uint8Array {
  const chunks = parts.flatMap(([name, value]) => {
    const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`;
    if (typeof value === "string") return [Buffer.from(`${head}\r\n\r\n${fill(value)}\r\n`)];
    const type = value.type === undefined ? "" : `Content-Type: ${value.type}\r\n`;
    return [
      Buffer.from(`${head}; filename="${value.name}"\r\n${type}\r\n`),
      Buffer.from(value.content),
      Buffer.from("\r\n"),
    ];
  });
  return Buffer.concat([...chunks, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) && !text.includes("\0") ? text : `base64:${bytes.toString("base64")}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
