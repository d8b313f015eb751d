import { notOffered, show } from "../core/checks.ts";
import { ConcurrencyLimit } from "../core/concurrency-limit.ts";
import type { Scope } from "../core/scope.ts";
import { Inbox } from "../stream/inbox.ts";
import type { ClientDriver, ClientEvent, ClientState, OpenClient } from "./driver.ts";
import { bytesOf, type ScriptedResponse } from "./scripted-response.ts";
import { type ReceivedRequest, ScriptedServer } from "./scripted-server.ts";
import { waitFor } from "./wait.ts";

export interface ClientTarget {
  readonly driver: ClientDriver;
}

/** One client connected to one URL, and what it has done. */
export interface ClientRun extends OpenClient {
  readonly events: Inbox<ClientEvent>;
  readonly states: Inbox<ClientState>;
  readonly requests: Inbox<ReceivedRequest>;
}

export interface StartOptions {
  /** The events that it listens for besides `message`. */
  readonly names?: readonly string[];
  /** How many events the client dispatches before the response with this index may break. */
  readonly eventsBeforeBreak?: (index: number) => number;
  /** Called with each event, while the client handles it. */
  readonly onEvent?: (event: ClientEvent, client: ClientRun) => void;
}

export interface ClientContext {
  readonly driver: ClientDriver;
  /** Starts a client against a URL that follows the script. */
  readonly start: (scope: Scope, script: readonly ScriptedResponse[], options?: StartOptions) => Promise<ClientRun>;
}

export async function openContext({ driver }: ClientTarget, scope: Scope): Promise<ClientContext> {
  const scripted = await ScriptedServer.start();
  scope.defer(() => scripted.stop());

  const limit = new ConcurrencyLimit(driver.width ?? Infinity);
  const start: ClientContext["start"] = async (at, script, { names = [], onEvent: handle, eventsBeforeBreak } = {}) => {
    const release = await takePlace(limit, at);
    const [events, states] = [new Inbox<ClientEvent>(), new Inbox<ClientState>()];
    const { url, requests } = scripted.addEndpoint(script, async (index) => {
      const count = eventsBeforeBreak?.(index) ?? 0;
      await waitFor(events, ({ length }) => length >= count, at, "an event").catch(() => undefined);
    });
    const onEvent = (event: ClientEvent): void => {
      // Only the start: a script may have long events, and clients that are judged many.
      at.log.add(driver.name, event.event, show({ ...event, data: event.data.slice(0, 200) }));
      events.push(event);
      if (client.current) handle?.(event, client.current);
    };
    const onState = (state: ClientState): void => {
      at.log.add(driver.name, `(${state})`);
      states.push(state);
    };
    const client: { current?: ClientRun } = {};
    for (const [index, { chunks = [] }] of script.entries()) at.log.addBytes(`response ${index + 1}`, bytesOf(chunks));
    const given = await driver.open(url, names, onEvent, onState);
    const opened = typeof given === "function" ? { close: given } : given;
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= Promise.resolve(opened.close()).then(release));
    client.current = { ...opened, close, events, states, requests };
    at.defer(close);
    return client.current;
  };
  return { driver, start };
}

/** Waits until one more client may run. @returns a function that lets the next one run */
function takePlace(limit: ConcurrencyLimit, scope: Scope): Promise<() => void> {
  return new Promise((resolve) => {
    void limit.run(
      () =>
        new Promise<void>((release) => {
          scope.defer(release);
          resolve(release);
        }),
    );
  });
}

/** For cases about reconnecting: skips clients that do not reconnect by themselves. */
export function requireReconnect({ driver }: ClientContext): void {
  if (!driver.reconnects) notOffered(`${driver.name} reads one stream and leaves reconnecting to its user`);
}
