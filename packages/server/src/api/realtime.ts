import {
  type ClientId,
  clientId,
  type Cursor,
  encodeEvent,
  encodeRetry,
  type ErrorData,
  parseCursor,
  parseSubscription,
  presenceProblem,
  type Subscription,
} from "@headwater/protocol";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Admission } from "../hub/admission.ts";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Frame } from "../hub/frame.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import type { Wire } from "../hub/wire.ts";
import { badRequest, forbidden, invalid, notFound } from "../lib/api-error.ts";
import { byteLength, each, problems, required } from "../lib/checks.ts";
import { noteOpened } from "../lib/collect-young.ts";
import { randomText } from "../lib/random.ts";
import { GUEST, type Principal, principalKey } from "../rules/principal.ts";
import { drawRetry } from "../transports/retry.ts";
import { SSE_CODEC, streamFrame } from "../transports/sse-codec.ts";
import { openSse, type SseListener } from "../transports/sse.ts";
import type { AccessLine } from "../http/access-log.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { identify, isOutdated } from "../http/identify.ts";
import { assertPace, assertRoom, assertRoomForUser, takeTurn } from "../connections/limits.ts";
import { noContent } from "../http/responses.ts";
import { get, post, type Route } from "../http/route.ts";

/** Subscriptions that one connection may have. */
const MAX_SUBSCRIPTIONS = 1_000;
/** Bytes that one of them may be long, options included. */
const MAX_SUBSCRIPTION_BYTES = 2_500;
/** Bytes of the request that sets them: enough for as many and as long as there may be. */
const MAX_BODY_BYTES = 4 << 20;

export const realtimeRoutes: readonly Route[] = [
  get("/api/realtime", connect),
  post("/api/realtime", setSubscriptions, { bodyLimit: () => MAX_BODY_BYTES }),
];

/** Opens the stream. Its client is a guest until it subscribes: browsers' `EventSource` can't send a token. */
async function connect(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const { ip } = request;
  await takeTurn(deps);
  assertRoom(deps, ip);
  return openSse(request.raw, request.server, new Connection(deps, ip, request.line, lastSeen(request)));
}

/** One stream and its session. It outlives its request by hours, so it keeps nothing of it. */
class Connection implements SseListener {
  readonly #hub: Hub<Principal>;
  readonly #admission: Admission;
  readonly #address: string;
  readonly #line: AccessLine;
  readonly #since: Cursor | undefined;
  #session: Session<Principal> | undefined;

  constructor({ hub, admission }: ApiContext, address: string, line: AccessLine, since: Cursor | undefined) {
    this.#hub = hub;
    this.#admission = admission;
    this.#address = address;
    this.#line = line;
    this.#since = since;
  }

  open(wire: Wire): void {
    const id = clientId(randomText(40));
    this.#admission.enter(this.#address);
    noteOpened();
    this.#session = this.#hub.open({
      id,
      address: this.#address,
      principal: GUEST,
      wire,
      codec: SSE_CODEC,
      since: this.#since,
      openedAt: Date.now(),
    });
    wire.send(FrameBatch.of(connected(id, this.#hub.size)));
  }

  drained(): void {
    this.#session?.drained();
  }

  closed(): void {
    this.#session?.ended();
    this.#admission.leave(this.#address);
    this.#line.write();
  }
}

/**
 * Where a client that comes back was: the standard's header, or a parameter where it can't be set. A client id, which
 * `PB_CONNECT` leaves behind as the last event id, is no place.
 */
const lastSeen = (request: ApiRequest): Cursor | undefined =>
  parseCursor(request.raw.headers.get("last-event-id") ?? request.query["since"] ?? "");

/**
 * The first event, byte for byte: SDKs take the client id from its `id:`. Then when to come back, for those who leave
 * that to the standard's `EventSource`.
 */
function connected(id: ClientId, connections: number): Frame {
  const event = encodeEvent({ id, event: "PB_CONNECT", data: JSON.stringify({ clientId: id }) });
  return streamFrame(event + encodeRetry(drawRetry(connections)));
}

const FORM = z.object({
  clientId: z.string().nullish(),
  since: z.string().nullish(),
  subscriptions: z.array(z.string()).nullish(),
});

/** Replaces all that a connection listens to, and who it is. */
async function setSubscriptions(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const { hub } = deps;
  const form = await request.bound(FORM);
  const submitted = { clientId: form.clientId ?? "", subscriptions: form.subscriptions ?? [] };
  const wrong = problemsOf(submitted);
  if (wrong) throw badRequest("", wrong);

  const session = hub.session(clientId(submitted.clientId));
  // What is no event stream says itself what it listens to.
  if (session?.codec !== SSE_CODEC) throw notFound("Missing or invalid client id.");
  if (session.address !== request.ip) throw badRequest("Invalid realtime client.");
  const since = readSince(form.since ?? "");
  assertPace(deps, session);
  await takeTurn(deps);
  // The body may have come slowly, and what becomes of a principal reaches open streams only: read again what may be old.
  while (isOutdated(request, deps)) await identify(request, deps);
  if (session.principal.kind !== "guest" && principalKey(session.principal) !== principalKey(request.principal)) {
    throw forbidden("The current and the previous request authorization don't match.");
  }
  assertRoomForUser(deps, session.principal, request.principal);
  hub.subscribe(session, request.principal, parseSubscriptions(submitted.subscriptions), since);
  return noContent();
}

/** @throws ApiError 400 for a text that was never a cursor: silence would be a gap that nobody notices */
function readSince(text: string): Cursor | undefined {
  const cursor = parseCursor(text);
  if (text !== "" && !cursor)
    throw badRequest("", { since: invalid("validation_invalid_cursor", "Must be a cursor.") });
  return cursor;
}

function problemsOf({
  clientId: id,
  subscriptions,
}: {
  clientId: string;
  subscriptions: readonly string[];
}): ErrorData | undefined {
  const tooLong = (max: number) =>
    invalid("validation_length_too_long", `The length must be no more than ${max}.`, { min: 0, max });
  return problems({
    clientId: required(id) ?? byteLength(id, 1, 255),
    subscriptions:
      subscriptions.length > MAX_SUBSCRIPTIONS
        ? tooLong(MAX_SUBSCRIPTIONS)
        : each(subscriptions, (name) => {
            if (Buffer.byteLength(name) > MAX_SUBSCRIPTION_BYTES) return tooLong(MAX_SUBSCRIPTION_BYTES);
            const problem = presenceProblem(known(name));
            return problem === undefined ? undefined : invalid("validation_invalid_presence", problem);
          }),
  });
}

/** Empty names are skipped, and one that is given twice counts once. */
const parseSubscriptions = (names: readonly string[]): Subscription[] =>
  [...new Set(names)].filter((name) => name !== "").map(known);

const recent = new LRUCache<string, Subscription>({ max: 5_000 });

/** Thousands subscribe to the same: they share one reading of it, and its text. */
function known(name: string): Subscription {
  let subscription = recent.get(name);
  if (!subscription) recent.set(name, (subscription = parseSubscription(name)));
  return subscription;
}
