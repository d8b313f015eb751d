import { type ClientId, clientId } from "@headwater/protocol";
import { shownSubscription } from "../connections/shown-subscription.ts";
import { formatDateTime } from "../lib/text/date-time.ts";
import type { Session } from "../hub/session.ts";
import { badRequest, invalid, notFound } from "../lib/api-error.ts";
import { readHead } from "../log/change-log.ts";
import type { Change } from "../log/change.ts";
import { readChangeRange } from "../records/changes/read-changes.ts";
import type { Cursors } from "../log/cursors.ts";
import { parseListParams } from "../records/query/list-params.ts";
import type { Principal } from "../rules/principal.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { json, jsonPage } from "../http/responses.ts";

/** All open connections, oldest first. */
export function list(request: ApiRequest, { hub, cursors }: ApiContext): Response {
  const { page, perPage } = parseListParams(request.query);
  const from = (page - 1) * perPage;
  const items = [...hub.sessions()].slice(from, from + perPage).map((session) => toJson(session, hub.seq, cursors));
  const totalItems = hub.size;
  return jsonPage(request, { items, page, perPage, totalItems, totalPages: Math.ceil(totalItems / perPage) });
}

export function view(request: ApiRequest, { hub, cursors }: ApiContext): Response {
  const session = hub.session(idOf(request));
  if (!session) throw notFound();
  return json(request, toJson(session, hub.seq, cursors));
}

/** Why a change did or did not reach a connection. `?change=` is the change's cursor, or its seq alone. */
export async function why(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { hub, store, registry } = api;
  const seq = seqOf(request.query["change"] ?? "", api);
  const [change] = await store.read((reader) =>
    readChangeRange(reader, { stored: registry.current, show: "present" }, { after: seq - 1, upTo: seq, limit: 1 }),
  );
  if (!change) {
    const isAhead = seq > (await readHead(store));
    return json(request, { change: { seq }, answer: isAhead ? "not-written" : "trimmed" });
  }
  const about = { seq, collection: change.collection, record: change.record, action: change.action };
  const session = hub.session(idOf(request));
  if (session) return json(request, { change: about, ...(await explain(session, change, api)) });
  const closed = hub.closedSession(idOf(request));
  if (!closed) throw notFound("There is no connection with this id, and none has closed lately.");
  const { reason, at } = closed;
  // A connection that closed before the change was delivered can't have received it.
  const answer = closed.seq < seq ? "closed-before" : "closed";
  return json(request, { change: about, answer, reason, closed: formatDateTime(at) });
}

/** The connection's answer, and the one of each of its subscriptions. */
async function explain(session: Session<Principal>, change: Change, { hub, visibility }: ApiContext): Promise<object> {
  const { seq } = change;
  const { deliveredTo = hub.seq, state, queuedBytes } = session.status;
  const subscriptions = await Promise.all(
    session.subscriptions.map(async (subscription) => ({
      subscription: shownSubscription(subscription),
      answer: await visibility.explain(change, subscription, session.principal),
    })),
  );
  const isVisible = subscriptions.some(({ answer }) => answer === "visible");
  const position =
    seq <= session.subscribedFromSeq ? "before-subscription" : seq > deliveredTo ? "pending" : "delivered";
  const answer = subscriptions.length === 0 ? "no-subscriptions" : !isVisible ? "not-visible" : position;
  return { answer, state, queuedBytes, position, subscriptions };
}

function toJson(session: Session<Principal>, head: number, cursors: Cursors): object {
  const { id, address, codec, principal, subscriptions, openedAt } = session;
  const { state, deliveredTo = head, queuedBytes } = session.status;
  return {
    id,
    address,
    transport: codec.id,
    auth: principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id },
    opened: formatDateTime(openedAt),
    subscriptions: subscriptions.map(shownSubscription),
    state,
    cursor: cursors.format(deliveredTo),
    /** Changes that other connections have received and this one has not. */
    lag: Math.max(0, head - deliveredTo),
    queuedBytes,
  };
}

const idOf = ({ params }: ApiRequest): ClientId => clientId(params["connection"] ?? "");

/** @throws ApiError 400 if the text is neither a cursor of this log nor a seq */
function seqOf(text: string, { cursors }: ApiContext): number {
  const cursor = cursors.read(text);
  const seq = cursor && !("lost" in cursor) ? cursor.seq : /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (seq === undefined || seq < 1) {
    throw badRequest("", {
      change: invalid("validation_invalid_cursor", "Must be a change's cursor or seq."),
    });
  }
  return seq;
}
