import { check, notOffered, show } from "../core/checks.ts";
import { pause } from "../core/deadline.ts";
import type { Scope } from "../core/scope.ts";
import { Inbox } from "../stream/inbox.ts";
import type { ClientDriver, ClientEvent } from "./driver.ts";
import { type Asked, type Reply, ScriptedServer } from "./scripted-server.ts";

export interface ClientTarget {
  readonly driver: ClientDriver;
  /** A server that is there already; one is started otherwise. */
  readonly server?: ScriptedServer;
}

/** One client at one address. */
export interface Play {
  readonly heard: Inbox<ClientEvent>;
  readonly asked: Inbox<Asked>;
  readonly leave: () => Promise<void>;
}

export interface ClientWorld {
  readonly driver: ClientDriver;
  readonly play: (scope: Scope, replies: readonly Reply[], names?: readonly string[]) => Promise<Play>;
  /** Plays a script and demands just these events. */
  readonly hears: (scope: Scope, replies: readonly Reply[], expected: readonly Expected[]) => Promise<Play>;
}

/** An event that a client must tell of; what is left out may be anything. */
export interface Expected extends Partial<ClientEvent> {
  readonly data: string;
}

/** What tells that a stream was read to its end: nothing else may come before it, or after. */
const MARKER: ClientEvent = { event: "message", data: "the end of the script", lastEventId: "" };

/** Lets a client settle that might do what it should not. */
export const QUIET_MS = 600;

export async function openWorld({ driver, server }: ClientTarget, scope: Scope): Promise<ClientWorld> {
  const stage = server ?? (await ScriptedServer.start());
  if (!server) scope.defer(() => stage.stop());

  const play: ClientWorld["play"] = async (at, replies, names = []) => {
    const { url, asked } = stage.stage(replies);
    const heard = new Inbox<ClientEvent>();
    const close = await driver.open(url, names, (event) => {
      at.log.add(driver.name, event.event, show(event));
      heard.push(event);
    });
    const leave = async (): Promise<void> => {
      await close();
    };
    at.defer(leave);
    return { heard, asked, leave };
  };

  const hears: ClientWorld["hears"] = async (at, replies, expected) => {
    const names = expected.flatMap(({ event = "message" }) => (event === "message" ? [] : [event]));
    const [last] = replies.slice(-1);
    const marked = { ...last, chunks: [...(last?.chunks ?? []), `data:${MARKER.data}\n\n`], stays: true } as const;
    const played = await play(at, [...replies.slice(0, -1), marked], [...new Set(names)]);
    const isMarker = ({ data }: ClientEvent): boolean => data.endsWith(MARKER.data);
    await played.heard
      .until((events) => events.some(isMarker), at.patienceMs, "the last event of the stream")
      .catch((error: unknown) => {
        check(false, `${String(error)}; until then the client told of ${show(played.heard.items)}`);
      });
    const told = played.heard.items.filter((event) => !isMarker(event));
    compare(told, expected);
    return played;
  };
  return { driver, play, hears };
}

function compare(told: readonly ClientEvent[], expected: readonly Expected[]): void {
  for (const [at, wanted] of expected.entries()) {
    const event = told[at];
    check(event !== undefined, `the client does not tell of ${show(wanted)}; it tells of ${show(told)}`);
    for (const [field, value] of Object.entries(wanted) as [keyof ClientEvent, string][])
      check(
        event[field] === value,
        `${field} of event ${at + 1} is ${show(event[field])}, and should be ${show(value)}`,
      );
  }
  const more = told[expected.length];
  check(more === undefined, `the client tells of an event that is none: ${show(more)}`);
}

/** For what only a client does that comes back by itself. */
export function mustReconnect({ driver }: ClientWorld): void {
  if (!driver.reconnects) notOffered(`${driver.name} reads one stream, and leaves it to its user to come back`);
}

/** Demands that no more than so many requests come. */
export async function staysAway({ asked }: Play, most: number, fault: string): Promise<void> {
  await asked.until(({ length }) => length >= most, 10_000, "the client's request");
  await pause(QUIET_MS);
  check(asked.items.length <= most, fault);
}
