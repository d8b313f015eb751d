import type { ClientEvent, ClientState } from "../driver.ts";
import { bytesOf, type ScriptedResponse } from "../scripted-response.ts";
import { interpret, type Memory, NO_MEMORY } from "./event-stream.ts";

/** What can happen to a client. */
type Input = "stream" | "redirect" | "no-response" | "refusal" | "end" | "close";

/** What follows what; an input that a state does not name leaves it as it is. */
const TRANSITIONS: Readonly<Record<ClientState, Readonly<Partial<Record<Input, ClientState>>>>> = {
  connecting: {
    stream: "open",
    redirect: "connecting",
    "no-response": "connecting",
    refusal: "closed",
    close: "closed",
  },
  open: { end: "connecting", close: "closed" },
  closed: {},
};

interface PredictedRequest {
  /** The Last-Event-ID, if it must have one. */
  readonly lastEventId: string | undefined;
  /** How long the client must wait before it, in milliseconds. */
  readonly waitMs: number;
}

/** What a client must do when the server follows a script. */
export interface Prediction {
  readonly events: readonly ClientEvent[];
  /** How many events it has dispatched after each response. */
  readonly counts: readonly number[];
  readonly requests: readonly PredictedRequest[];
  /** Each state that it enters, from the start. */
  readonly states: readonly ClientState[];
}

/** What a server says when the script is over: 204 stops a client from reconnecting. */
export const SCRIPT_IS_OVER: ScriptedResponse = { status: 204 };

/** The model of a client over many connections. */
export function predict(script: readonly ScriptedResponse[]): Prediction {
  const [events, counts, requests]: [ClientEvent[], number[], PredictedRequest[]] = [[], [], []];
  const states: ClientState[] = ["connecting"];
  let memory: Memory = NO_MEMORY;
  for (const [at, response] of [...script, SCRIPT_IS_OVER].entries()) {
    const isReconnect = at > 0 && inputOf(script[at - 1]!) !== "redirect";
    requests.push({
      lastEventId: memory.lastEventId === "" ? undefined : memory.lastEventId,
      waitMs: isReconnect ? (memory.retryMs ?? 0) : 0,
    });
    const state = enter(states, inputOf(response));
    if (state === "open") {
      const reading = interpret(bytesOf(response.chunks ?? []), memory);
      events.push(...reading.events);
      memory = reading;
    }
    counts.push(events.length);
    if (state === "closed" || response.staysOpen) break;
    if (state === "open") enter(states, "end");
  }
  return { events, counts, requests, states };
}

/** Adds the state after this input, if it is another, or the same for a reason that clients report. */
function enter(states: ClientState[], input: Input): ClientState {
  const before = states.at(-1)!;
  const next = TRANSITIONS[before][input] ?? before;
  if (next !== before || input === "no-response") states.push(next);
  return next;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function inputOf({ status = 200, headers = {}, breaks }: ScriptedResponse): Input {
  if (breaks === "before the response") return "no-response";
  if (REDIRECTS.has(status)) return "redirect";
  const type = headers["content-type"] ?? "text/event-stream";
  const isStream = /^text\/event-stream[ \t]*(;|$)/i.test(type);
  return status === 200 && isStream ? "stream" : "refusal";
}
