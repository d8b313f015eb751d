import { expect, setDefaultTimeout, test } from "bun:test";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { KEPT_LOG, keepLog, type LoggedChange, readChanges } from "@headwater/testing/servers/read-database.ts";
import { PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";

setDefaultTimeout(120_000);

const WRITERS = Number(process.env["HEADWATER_ORDER_WRITERS"] ?? 1000);
const SUBSCRIBERS = Number(process.env["HEADWATER_ORDER_SUBSCRIBERS"] ?? 100);
const SHARED_NOTES = 10;

interface User {
  readonly id: string;
  readonly token: string;
}

test(`${WRITERS} writers at once: each of ${SUBSCRIBERS} subscribers gets what it may see, once, in log order`, async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  await superuser.createCollection(PRIVATE_NOTES);
  const users = await Promise.all(["ann", "bob", "cat", "dan"].map((name) => superuser.createUser(name)));
  const shared = await Promise.all(
    Array.from({ length: SHARED_NOTES }, (_, index) => superuser.create("notes", { title: `shared ${index}` })),
  );
  keepLog(server.dir);
  const writtenBefore = new Map(["notes", "diaries"].map((name) => [name, readChanges(server.dir, name).length]));

  const subscribers = await Promise.all(
    Array.from({ length: SUBSCRIBERS }, (_, index) => {
      const user = users[index % users.length]!;
      return SUBSCRIBER_KINDS[index % SUBSCRIBER_KINDS.length]!(server.url, {
        user,
        superuser,
        noteId: shared[index % SHARED_NOTES]!.id,
      });
    }),
  );
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    write(server.url, index, users[index % users.length]!, shared[index % SHARED_NOTES]!.id),
  );
  await Promise.all(writers);

  const log = (name: string): LoggedChange[] => readChanges(server.dir, name, KEPT_LOG).slice(writtenBefore.get(name));
  const [notes, diaries] = [log("notes"), log("diaries")];
  expect(notes.length).toBe(WRITERS * 2 + Math.ceil(WRITERS / 3));
  expect(diaries.length).toBe(WRITERS);
  for (const subscriber of subscribers) {
    const expected = subscriber.expected(notes, diaries);
    await subscriber.client.inbox.until((events) => events.length >= expected.length);
    expect(subscriber.client.events.map(summarize)).toEqual(expected);
    subscriber.client.close();
  }
});

/** Creates a note, updates a shared note, creates a diary entry, and for every third writer deletes its note. */
async function write(url: string, index: number, user: User, sharedId: string): Promise<void> {
  using connection = await RawConnection.open(url);
  const call = async (
    method: string,
    path: string,
    body: unknown,
    token?: string,
  ): Promise<Record<string, unknown>> => {
    connection.send(method, `/api/collections/${path}`, body, token === undefined ? {} : { authorization: token });
    const response = await connection.response();
    if (response === undefined || response.status >= 300) throw new Error(`${method} ${path}: ${response?.body}`);
    return response.status === 204 ? {} : JSON.parse(response.body);
  };
  const note = await call("POST", "notes/records", { title: `note ${index}`, count: index });
  await call("PATCH", `notes/records/${sharedId}`, { title: `shared, changed by ${index}` });
  await call("POST", "diaries/records", { title: `entry ${index}`, owner: user.id }, user.token);
  if (index % 3 === 0) await call("DELETE", `notes/records/${String(note["id"])}`, undefined);
}

/** The content of an event and its seq. Only the last event of a change has a cursor. */
interface EventSummary {
  readonly topic: string;
  readonly action: string;
  readonly record: string;
  readonly title: unknown;
  readonly seq: number;
}

function summarize({ event, data, id }: ReceivedEvent): EventSummary {
  const { action, record } = JSON.parse(data);
  return {
    topic: event,
    action,
    record: record.id,
    title: record.title,
    seq: seqOfCursor(id) ?? Number.NaN,
  };
}

const expectedEvent = (topic: string, { action, record, seq, after, before }: LoggedChange): EventSummary => ({
  topic,
  action,
  record,
  seq,
  title: (after ?? before)!["title"],
});

interface Subscriber {
  readonly client: SseClient;
  readonly expected: (notes: readonly LoggedChange[], diaries: readonly LoggedChange[]) => EventSummary[];
}

interface SubscriberOptions {
  readonly user: User;
  readonly superuser: SuperuserClient;
  readonly noteId: string;
}

async function subscribe(
  url: string,
  topics: readonly string[],
  token: string | undefined,
  expected: Subscriber["expected"],
): Promise<Subscriber> {
  const client = await SseClient.connect(url);
  await client.subscribe(topics, token);
  return { client, expected };
}

const ownedBy =
  (user: User) =>
  ({ after, before }: LoggedChange): boolean =>
    (after ?? before)!["owner"] === user.id;

const SUBSCRIBER_KINDS: readonly ((url: string, cast: SubscriberOptions) => Promise<Subscriber>)[] = [
  (url) =>
    subscribe(url, ["notes/*", "diaries/*"], undefined, (notes) =>
      notes.map((change) => expectedEvent("notes/*", change)),
    ),
  (url, { user }) =>
    subscribe(url, ["diaries/*"], user.token, (_, diaries) =>
      diaries.filter(ownedBy(user)).map((change) => expectedEvent("diaries/*", change)),
    ),
  (url, { user }) =>
    subscribe(url, ["notes/*", "diaries/*"], user.token, (notes, diaries) =>
      [
        ...notes.map((change) => expectedEvent("notes/*", change)),
        ...diaries.filter(ownedBy(user)).map((change) => expectedEvent("diaries/*", change)),
      ].toSorted((a, b) => a.seq - b.seq),
    ),
  (url, { superuser }) =>
    subscribe(url, ["diaries/*"], superuser.token, (_, diaries) =>
      diaries.map((change) => expectedEvent("diaries/*", change)),
    ),
  (url, { noteId }) =>
    subscribe(url, [`notes/${noteId}`], undefined, (notes) =>
      notes.filter(({ record }) => record === noteId).map((change) => expectedEvent(`notes/${noteId}`, change)),
    ),
];
