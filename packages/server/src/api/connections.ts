import { type ClientId, clientId, formatCursor, parseCursor } from "@headwater/protocol";
import { formatDateTime } from "../lib/date-time.ts";
import type { Session } from "../hub/session.ts";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { readHead, readSpan } from "../log/change-log.ts";
import type { Change } from "../log/change.ts";
import { parseListParams } from "../records/query/list-params.ts";
import type { Principal } from "../rules/principal.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { json, jsonPage } from "../http/responses.ts";

/** All open connections, the oldest first. */
export function list(request: ApiRequest, { hub, epoch }: ApiContext): Response {
  const { page, perPage } = parseListParams(request.query);
  const from = (page - 1) * perPage;
  const items = [...hub.sessions()].slice(from, from + perPage).map((session) => describe(session, hub.seq, epoch));
  const totalItems = hub.size;
  const answer = { items, page, perPage, totalItems, totalPages: Math.ceil(totalItems / perPage) };
  return jsonPage(request, answer);
}

export function view(request: ApiRequest, { hub, epoch }: ApiContext): Response {
  const session = hub.session(idOf(request));
  if (!session) throw notFound();
  return json(request, describe(session, hub.seq, epoch));
}

/** Why a change did or did not reach a connection: `?change=` with its cursor, or its place in the log alone. */
export async function why(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const { hub, store } = deps;
  const seq = seqOf(request.query["change"] ?? "", deps);
  const [change] = await readSpan(store, seq - 1, seq, 1);
  if (!change) {
    const isAhead = seq > (await readHead(store));
    return json(request, { change: { seq }, answer: isAhead ? "not-written" : "trimmed" });
  }
  const about = { seq, collection: change.collection, record: change.record, action: change.action };
  const session = hub.session(idOf(request));
  if (session) return json(request, { change: about, ...(await explain(session, change, deps)) });
  const departure = hub.departure(idOf(request));
  if (!departure) throw notFound("No connection of that id is or was here lately.");
  const { reason, at } = departure;
  // Whoever was gone before it was told can't have got it.
  const answer = departure.seq < seq ? "closed-before" : "closed";
  return json(request, { change: about, answer, reason, closed: formatDateTime(at) });
}

/** Where one and all of its subscriptions stand to the change. */
async function explain(session: Session<Principal>, change: Change, { hub, visibility }: ApiContext): Promise<object> {
  const { seq } = change;
  const { toldTo = hub.seq, state, queuedBytes } = session.standing;
  const subscriptions = await Promise.all(
    session.subscriptions.map(async (subscription) => ({
      subscription: subscription.name,
      answer: await visibility.explain(change, subscription, session.principal),
    })),
  );
  const isMeant = subscriptions.some(({ answer }) => answer === "visible");
  const position = seq <= session.hearsFrom ? "before-subscription" : seq > toldTo ? "not-told-yet" : "told";
  const answer = subscriptions.length === 0 ? "no-subscriptions" : !isMeant ? "not-visible" : position;
  return { answer, state, queuedBytes, position, subscriptions };
}

function describe(session: Session<Principal>, head: number, epoch: ApiContext["epoch"]): object {
  const { id, address, codec, principal, subscriptions, openedAt } = session;
  const { state, toldTo = head, queuedBytes } = session.standing;
  return {
    id,
    address,
    transport: codec.id,
    auth: principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id },
    opened: formatDateTime(openedAt),
    subscriptions: subscriptions.map(({ name }) => name),
    state,
    cursor: formatCursor({ epoch, seq: toldTo }),
    /** Changes that others were told and it was not yet. */
    lag: Math.max(0, head - toldTo),
    queuedBytes,
  };
}

const idOf = ({ params }: ApiRequest): ClientId => clientId(params["connection"] ?? "");

/** @throws ApiError 400 for what is no place in this log */
function seqOf(text: string, { epoch }: ApiContext): number {
  const cursor = parseCursor(text);
  const seq = cursor?.epoch === epoch ? cursor.seq : /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (seq === undefined || seq < 1) {
    throw badRequest("", {
      change: invalid("validation_invalid_cursor", "Must be a change's cursor or place in the log."),
    });
  }
  return seq;
}
