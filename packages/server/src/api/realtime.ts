import { clientId, type ErrorData, presenceProblem, type Subscription } from "@headwater/protocol";
import { z } from "zod";
import {
  assertConnectionLimit,
  assertRequestRate,
  assertUsage,
  assertUserLimit,
  awaitSetupTurn,
  countUsage,
} from "../connections/assert-limits.ts";
import { usageOfNames } from "../connections/client-quotas.ts";
import { resumeCursor } from "../connections/resume-cursor.ts";
import { SseConnection } from "../connections/sse-connection.ts";
import {
  isSubscriptionTooLong,
  MAX_SUBSCRIPTION_BYTES,
  streamSubscription,
} from "../connections/subscription-cache.ts";
import { formTexts } from "../http/body/form-values.ts";
import type { ApiRequest } from "../http/request.ts";
import { identify } from "../http/requester.ts";
import { noContent } from "../http/responses.ts";
import { MAX_LIGHT, weightOf } from "../hub/evaluation/close-heavy.ts";
import type { PreparedSubscriptions } from "../hub/evaluation/prepared-subscriptions.ts";
import type { Session } from "../hub/session.ts";
import type { Since } from "../hub/replay/replay.ts";
import { BAD_REQUEST, badRequest, forbidden, invalid, notFound } from "../lib/api-error.ts";
import type { Cursor } from "../log/cursors.ts";
import { byteLength, each, problems, required } from "../lib/validators.ts";
import { GUEST, type Principal, principalKey } from "../rules/principal.ts";
import { SSE_CODEC } from "../transports/sse-codec.ts";
import { openSse } from "../transports/sse.ts";
import type { ApiContext } from "./api-context.ts";

/** How many subscriptions one connection may have. */
const MAX_SUBSCRIPTIONS = 1_000;
/** Bytes. Enough for `MAX_SUBSCRIPTIONS` of the greatest length. */
const MAX_SUBSCRIPTIONS_BODY = 4 << 20;

export const subscriptionsBodyLimit = (): number => MAX_SUBSCRIPTIONS_BODY;

/** Opens the stream. The client is a guest until it subscribes: browsers' `EventSource` can't send a token. */
export async function connect(request: ApiRequest, api: ApiContext): Promise<Response> {
  const peer = { address: request.ip, logEntry: request.logEntry };
  await awaitSetupTurn(api);
  assertConnectionLimit(api, peer.address);
  return openSse(request.raw, request.server, new SseConnection(api, peer, sinceOf(request, api)));
}

/** The standard header, or a parameter where a client can't set headers. */
const sinceOf = ({ raw, query }: ApiRequest, api: ApiContext): Cursor | undefined =>
  resumeCursor(raw.headers.get("last-event-id") ?? query["since"], api);

const FORM = z.object({
  clientId: z.string().nullish(),
  since: z.union([z.string(), z.array(z.string().nullable())]).nullish(),
  subscriptions: formTexts,
});

interface SubscriptionsForm {
  readonly clientId: string;
  readonly subscriptions: readonly string[];
}

/** Replaces a connection's subscriptions, and its principal. */
export async function setSubscriptions(request: ApiRequest, api: ApiContext): Promise<Response> {
  // The message of any unreadable body, also of one with an unsupported content type.
  const body = await request.parseBody(FORM, BAD_REQUEST);
  const form: SubscriptionsForm = { clientId: body.clientId ?? "", subscriptions: body.subscriptions ?? [] };
  const errors = problemsOf(form);
  if (errors) throw badRequest("", errors);

  const session = sessionOf(request, api, form.clientId);
  const since = readSince(form.subscriptions, body.since ?? "", api);
  assertRequestRate(api, session);
  const names = [...new Set(form.subscriptions)].filter((name) => name !== "");
  const usage = usageOfNames(names);
  assertUsage(api, session, request.principal, usage);
  await awaitSetupTurn(api);
  const subscriptions = await parseSubscriptions(names, api);
  const prepared = await prepare(request, api, subscriptions);
  // The request may have waited for long, and a change of its account reaches open sessions only.
  await identify(request, api, (principal) => {
    if (session.principal.kind !== "guest" && principalKey(session.principal) !== principalKey(principal)) {
      throw forbidden("The current and the previous request authorization don't match.");
    }
    // The connection may have ended while the request waited: nothing would release what it uses.
    if (session.isClosed) throw notFound("Missing or invalid client id.");
    assertUserLimit(api, session.principal, principal);
    countUsage(api, session, principal, usage);
    api.hub.subscribe(session, principal, subscriptions, since, prepared);
    const token = principal.kind === "guest" ? "" : request.token;
    api.tokenExpiry.set(session, token, () => becomeGuest(session, api));
  });
  return noContent();
}

/** The token has expired. PocketBase's clients expect the stream to go on, and to sign in again with the next POST. */
function becomeGuest(session: Session<Principal>, { hub }: ApiContext): void {
  // Its client comes back, and is set up without keeping others waiting.
  if (weightOf(session.subscriptions) > MAX_LIGHT) return session.close("auth_expired");
  hub.betweenChanges(() => hub.subscribe(session, GUEST, session.subscriptions));
}

function sessionOf(request: ApiRequest, { hub }: ApiContext, id: string): Session<Principal> {
  const session = hub.session(clientId(id));
  // Only event streams subscribe by request; the other transports have messages for it.
  if (session?.codec !== SSE_CODEC) throw notFound("Missing or invalid client id.");
  if (session.address !== request.ip) throw badRequest("Invalid realtime client.");
  return session;
}

/** @throws ApiError 400 for text that is not a cursor: to ignore it would leave a gap that nobody notices */
function readSince(
  names: readonly string[],
  since: string | readonly (string | null)[],
  { cursors }: ApiContext,
): Since | undefined {
  const read = (text: string): Cursor => {
    const cursor = cursors.read(text);
    if (!cursor) throw badRequest("", { since: invalid("validation_invalid_cursor", "Must be a cursor.") });
    return cursor;
  };
  if (typeof since === "string") return since === "" ? undefined : read(since);
  if (since.length !== names.length) {
    const problem = "Must be a cursor, or a list with one for each subscription.";
    throw badRequest("", { since: invalid("validation_invalid_cursor", problem) });
  }
  const texts = names.flatMap((name, i) => (since[i] ? [[name, since[i]] as const] : []));
  return texts.length === 0 ? undefined : new Map(texts.map(([name, text]) => [name, read(text)]));
}

function problemsOf({ clientId: id, subscriptions }: SubscriptionsForm): ErrorData | undefined {
  const tooLong = (max: number) =>
    invalid("validation_length_too_long", `The length must be no more than ${max}.`, { min: 0, max });
  return problems({
    clientId: required(id) ?? byteLength(id, 1, 255),
    subscriptions:
      subscriptions.length > MAX_SUBSCRIPTIONS
        ? tooLong(MAX_SUBSCRIPTIONS)
        : each(subscriptions, (name) => {
            if (isSubscriptionTooLong(name)) return tooLong(MAX_SUBSCRIPTION_BYTES);
            const problem = name.startsWith("@") ? presenceProblem(streamSubscription(name)) : undefined;
            return problem === undefined ? undefined : invalid("validation_invalid_presence", problem);
          }),
  });
}

async function parseSubscriptions(names: readonly string[], { hub }: ApiContext): Promise<readonly Subscription[]> {
  const parsed: Subscription[] = [];
  for (const name of names) {
    parsed.push(streamSubscription(name));
    const pause = hub.pause();
    if (pause) await pause;
  }
  return parsed;
}

/** A few subscriptions are read faster in one go. */
const prepare = async (
  { principal }: ApiRequest,
  { hub }: ApiContext,
  subscriptions: readonly Subscription[],
): Promise<PreparedSubscriptions<Principal> | undefined> =>
  weightOf(subscriptions) > MAX_LIGHT ? hub.prepare(principal, subscriptions) : undefined;
