import { check, Failure, notOffered, show } from "../core/checks.ts";
import { pause } from "../core/deadline.ts";
import type { Scope } from "../core/scope.ts";
import type { ClientEvent } from "./driver.ts";
import { type ClientContext, type ClientRun, requireReconnect } from "./context.ts";
import { linesOf } from "./model/event-stream.ts";
import { type Prediction, predict, SCRIPT_IS_OVER } from "./model/connections.ts";
import { bytesOf, type ScriptedResponse } from "./scripted-response.ts";
import type { ReceivedRequest } from "./scripted-server.ts";
import { LOOK_MS, waitFor } from "./wait.ts";

/** What of a client is compared with the model, besides its events and the number of its requests. */
export interface Judged {
  /** Fields of each event; `event` and `data` by default. */
  readonly fields?: readonly (keyof ClientEvent)[];
  /** The Last-Event-ID of each request. */
  readonly lastEventIds?: true;
  /** How long it waits before each request. */
  readonly waits?: true;
  readonly states?: true;
}

/**
 * The last events of a script that ends with an open stream: once the second arrives, the client has read everything.
 * The first is there to be spoiled by what a client keeps of an earlier stream.
 */
const END_MARKERS = ["the end of the script", "the very end of the script"] as const;
const END = END_MARKERS.map((text) => `data:${text}\n\n`).join("");

/** Starts the client against a script, and checks that it does what the model predicts. */
export async function play(
  context: ClientContext,
  scope: Scope,
  script: readonly ScriptedResponse[],
  judged: Judged = {},
): Promise<ClientRun> {
  if (connectionsOf(script) > 1) requireReconnect(context);
  if (judged.states && !context.driver.reportsStates) notOffered(`${context.driver.name} does not report its states`);
  const prediction = predict(script);
  const isOpen = prediction.states.at(-1) === "open";
  const run = await context.start(scope, isOpen ? withEnd(script) : script, {
    names: namesIn(script),
    eventsBeforeBreak: (index) => prediction.counts[index] ?? 0,
  });
  try {
    await (isOpen ? readToTheEnd(run, prediction, scope) : waitUntilClosed(run, script, prediction, scope));
    compareEvents(run.events.items, prediction.events, judged.fields ?? ["event", "data"]);
    checkNumber(run, prediction);
    if (judged.lastEventIds) compareIds(run.requests.items, prediction);
    if (judged.waits) await checkWaits(run.requests.items, prediction);
    if (judged.states) compareStates(run, prediction);
    return run;
  } finally {
    // Makes place for the next client, also if this one fails.
    await run.close();
  }
}

/** How many connections a script is for; a redirect and what it leads to are one. */
const connectionsOf = (script: readonly ScriptedResponse[]): number =>
  script.filter(({ headers }) => headers?.["location"] === undefined).length;

const withEnd = (script: readonly ScriptedResponse[]): ScriptedResponse[] =>
  script.map((response, at) =>
    at === script.length - 1 ? { ...response, chunks: [...(response.chunks ?? []), END] } : response,
  );

/** All names that the script gives to events, also those of events that must not be dispatched. */
function namesIn(script: readonly ScriptedResponse[]): string[] {
  const lines = script.flatMap(({ chunks = [] }) => linesOf(bytesOf(chunks)));
  const names = lines.flatMap((line) => /^event: ?(?<name>.+)$/su.exec(line)?.groups?.["name"] ?? []);
  return [...new Set(names)].filter((name) => name !== "message");
}

/** Waits for the last event for as long as something happens. */
async function readToTheEnd(run: ClientRun, expected: Prediction, scope: Scope): Promise<void> {
  const { events, requests, states } = run;
  const isLast = ({ data }: ClientEvent): boolean => data.endsWith(END_MARKERS[1]);
  const isOver = (items: readonly ClientEvent[]): boolean => items.some(isLast);
  const limit = scope.patienceMs + Math.max(...expected.requests.map(({ waitMs }) => waitMs));
  // In looks and not by the clock: when the kit itself is late, the client had no time either.
  let [seen, idleMs] = [0, 0];
  while (!isOver(events.items)) {
    await events.until(isOver, LOOK_MS, "the last event").catch(() => undefined);
    const sent = requests.items.reduce((sum, { sentChunks }) => sum + 1 + sentChunks(), 0);
    const count = events.items.length + sent;
    [seen, idleMs] = [count, count > seen ? 0 : idleMs + LOOK_MS];
    checkNumber(run, expected);
    if (states.items.at(-1) === "closed" && !isOver(events.items))
      throw new Failure(`the client closes the connection, and dispatches ${show(events.items)} before that`);
    if (idleMs > limit)
      throw new Failure(
        `nothing happens for ${limit} ms before the last event of the stream; the client dispatches ${show(events.items)}`,
      );
  }
}

async function waitUntilClosed(
  { requests }: ClientRun,
  script: readonly ScriptedResponse[],
  expected: Prediction,
  scope: Scope,
): Promise<void> {
  const { length: count } = expected.requests;
  await waitFor(requests, ({ length }) => length >= count, scope, `the client's request number ${count}`);
  // Twice: a client that reconnects after a failure may wait longer than usual.
  await Promise.race([
    pause(2 * scope.clock.settleMs),
    requests.until(({ length }) => length > count, 2 * scope.clock.settleMs, "").catch(() => undefined),
  ]);
  check(
    requests.items.length === count,
    `${describe(script[count - 1] ?? SCRIPT_IS_OVER)} must stop the client, and it sends another request`,
  );
}

const describe = ({ status = 200, headers: { "content-type": type } = {} }: ScriptedResponse): string =>
  `a response with the status ${status}${type === undefined ? "" : ` and the content type ${show(type)}`}`;

function compareEvents(
  dispatched: readonly ClientEvent[],
  expected: readonly ClientEvent[],
  fields: readonly (keyof ClientEvent)[],
): void {
  const markers = new Set<string>(END_MARKERS);
  const events = dispatched.filter(({ data, event }) => event !== "message" || !markers.has(data));
  for (const [at, wanted] of expected.entries()) {
    const event = events[at];
    if (event === undefined)
      throw new Failure(`the client does not dispatch ${show(wanted)}; it dispatches ${show(events)}`);
    for (const field of fields)
      if (event[field] !== wanted[field])
        throw new Failure(`${field} of event ${at + 1} is ${show(event[field])}, expected ${show(wanted[field])}`);
  }
  const extra = events[expected.length];
  if (extra !== undefined) throw new Failure(`the client dispatches an event that it must not: ${show(extra)}`);
  const ends = dispatched.filter(({ data }) => markers.has(data)).map(({ data }) => data);
  check(
    ends.length === 0 || show(ends) === show(END_MARKERS),
    `the last events of the stream are ${show(END_MARKERS)}, and the client dispatches ${show(ends)}`,
  );
}

function checkNumber({ requests }: ClientRun, { requests: expected }: Prediction): void {
  const { length } = requests.items;
  check(length <= expected.length, `the client sends ${length} requests, and ${expected.length} are due`);
}

function compareIds(requests: readonly ReceivedRequest[], expected: Prediction): void {
  for (const [at, { lastEventId: wanted }] of expected.requests.entries()) {
    const given = headerText(requests[at]?.headers["last-event-id"]);
    check(
      given === wanted,
      wanted === undefined
        ? `request ${at + 1} has Last-Event-ID ${show(given)}, but the last id is empty`
        : `Last-Event-ID of request ${at + 1} is ${show(given)}, and the last id was ${show(wanted)}`,
    );
  }
}

/** A header as UTF-8; servers on Node see its bytes as Latin-1. */
function headerText(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const isLatin1 = /^[\0-\xff]*$/.test(value);
  return isLatin1 ? new TextDecoder().decode(Uint8Array.from(value, (character) => character.charCodeAt(0))) : value;
}

/** How long the client waited before each request after the first, in milliseconds. */
export async function waitsOf(requests: readonly ReceivedRequest[]): Promise<number[]> {
  const waits = requests.slice(1).map(async ({ at }, index) => at - (await requests[index]!.done));
  return Promise.all(waits);
}

async function checkWaits(requests: readonly ReceivedRequest[], expected: Prediction): Promise<void> {
  const waits = await waitsOf(requests.slice(0, expected.requests.length));
  for (const [at, waited] of waits.entries()) {
    const due = expected.requests[at + 1]!.waitMs;
    // Timers of clients may fire a little early.
    check(
      waited >= 0.95 * due - 2,
      `the reconnection time is ${due} ms, and the client reconnects after ${Math.round(waited)} ms`,
    );
  }
}

function compareStates({ states }: ClientRun, expected: Prediction): void {
  check(
    show(states.items) === show(expected.states),
    `the client enters the states ${show(states.items)}, expected ${show(expected.states)}`,
  );
}
