import { check, notOffered, show } from "../core/checks.ts";
import { pause } from "../core/deadline.ts";
import type { Scope } from "../core/scope.ts";
import { Inbox } from "../stream/inbox.ts";
import type { ClientDriver, ClientEvent } from "./driver.ts";
import { type ReceivedRequest, type ScriptedResponse, ScriptedServer } from "./scripted-server.ts";

export interface ClientTarget {
  readonly driver: ClientDriver;
  /** A server that is already running; without one, the profile starts its own. */
  readonly server?: ScriptedServer;
}

/** One client connected to one URL. */
export interface ClientRun {
  readonly events: Inbox<ClientEvent>;
  readonly requests: Inbox<ReceivedRequest>;
  readonly close: () => Promise<void>;
}

export interface ClientContext {
  readonly driver: ClientDriver;
  /** Starts the client against a scripted URL. @param names the events it listens for besides `message` */
  readonly start: (
    scope: Scope,
    responses: readonly ScriptedResponse[],
    names?: readonly string[],
  ) => Promise<ClientRun>;
  /** Starts the client and checks that it dispatches exactly these events. */
  readonly expectEvents: (
    scope: Scope,
    responses: readonly ScriptedResponse[],
    expected: readonly ExpectedEvent[],
  ) => Promise<ClientRun>;
}

/** An event that a client must dispatch; fields left out are not checked. */
export interface ExpectedEvent extends Partial<ClientEvent> {
  readonly data: string;
}

/** The last event of each script: once it arrives, the client has read everything before it. */
const END_MARKER: ClientEvent = { event: "message", data: "the end of the script", lastEventId: "" };

/** How long to wait, in milliseconds, before concluding that something did not happen. */
export const SETTLE_MS = 600;

export async function openContext({ driver, server }: ClientTarget, scope: Scope): Promise<ClientContext> {
  const scripted = server ?? (await ScriptedServer.start());
  if (!server) scope.defer(() => scripted.stop());

  const start: ClientContext["start"] = async (at, responses, names = []) => {
    const { url, requests } = scripted.addEndpoint(responses);
    const events = new Inbox<ClientEvent>();
    const stop = await driver.open(url, names, (event) => {
      at.log.add(driver.name, event.event, show(event));
      events.push(event);
    });
    const close = async (): Promise<void> => {
      await stop();
    };
    at.defer(close);
    return { events, requests, close };
  };

  const expectEvents: ClientContext["expectEvents"] = async (at, responses, expected) => {
    const names = expected.flatMap(({ event = "message" }) => (event === "message" ? [] : [event]));
    const [last] = responses.slice(-1);
    const marked: ScriptedResponse = {
      ...last,
      chunks: [...(last?.chunks ?? []), `data:${END_MARKER.data}\n\n`],
      staysOpen: true,
    };
    const run = await start(at, [...responses.slice(0, -1), marked], [...new Set(names)]);
    const isMarker = ({ data }: ClientEvent): boolean => data.endsWith(END_MARKER.data);
    await run.events
      .until((events) => events.some(isMarker), at.patienceMs, "the last event of the stream")
      .catch((error: unknown) => {
        check(false, `${String(error)}; the client dispatched ${show(run.events.items)} before that`);
      });
    const dispatched = run.events.items.filter((event) => !isMarker(event));
    compare(dispatched, expected);
    return run;
  };
  return { driver, start, expectEvents };
}

function compare(dispatched: readonly ClientEvent[], expected: readonly ExpectedEvent[]): void {
  for (const [at, wanted] of expected.entries()) {
    const event = dispatched[at];
    check(event !== undefined, `the client does not dispatch ${show(wanted)}; it dispatches ${show(dispatched)}`);
    for (const [field, value] of Object.entries(wanted) as [keyof ClientEvent, string][])
      check(event[field] === value, `${field} of event ${at + 1} is ${show(event[field])}, expected ${show(value)}`);
  }
  const extra = dispatched[expected.length];
  check(extra === undefined, `the client dispatches an event that it must not: ${show(extra)}`);
}

/** For cases about reconnecting: skips clients that do not reconnect by themselves. */
export function requireReconnect({ driver }: ClientContext): void {
  if (!driver.reconnects) notOffered(`${driver.name} reads one stream and leaves reconnecting to its user`);
}

/** Waits for `most` requests, then checks that no more follow. */
export async function expectNoMoreRequests({ requests }: ClientRun, most: number, fault: string): Promise<void> {
  await requests.until(({ length }) => length >= most, 10_000, "the client's request");
  await pause(SETTLE_MS);
  check(requests.items.length <= most, fault);
}
