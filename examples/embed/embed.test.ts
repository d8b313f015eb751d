import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { EventSource } from "eventsource";
import PocketBase, { type ClientResponseError, type RecordModel } from "pocketbase";
import { Program } from "@headwater/testing/servers/program.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);
/** The SDK needs a global EventSource, which Bun lacks. */
Object.assign(globalThis, { EventSource });

const dir = tempDir();
const library = new Program(join(import.meta.dir, "main.ts"), { LIBRARY_DIR: dir.path, LIBRARY_PORT: "0" });
afterAll(async () => {
  await library.stop();
  dir[Symbol.dispose]();
});
const url = (await library.until(/open: (http:\S+?)\/api/))[1]!;

async function reader(name: string): Promise<PocketBase> {
  const client = new PocketBase(url);
  const email = `${name.toLowerCase()}@example.com`;
  await client.collection("readers").create({ name, email, password: "1234567890", passwordConfirm: "1234567890" });
  await client.collection("readers").authWithPassword(email, "1234567890");
  return client;
}
const rejectionOf = (work: Promise<unknown>): Promise<ClientResponseError> =>
  work.then(
    () => {
      throw new Error("expected a rejection");
    },
    (error: unknown) => error as ClientResponseError,
  );
const shelf = async (genre: string): Promise<unknown> => (await fetch(`${url}/api/shelf/${genre}`)).json();
const book = (client: PocketBase, title: string): Promise<RecordModel> =>
  client.collection("books").getFirstListItem(client.filter("title = {:title}", { title }));

test("a loan takes one copy, and the last copy can be lent only once", async () => {
  const [ann, bob] = [await reader("Ann"), await reader("Bob")];
  const orlando = await book(ann, "Orlando");
  const outcomes = await Promise.allSettled(
    [ann, bob].map((client) => client.collection("loans").create({ book: orlando.id })),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await shelf("novel")).toEqual([{ title: "Middlemarch", copies: 2 }]);
  await library.until(/(Ann|Bob) took "Orlando"/);
  const late = outcomes[0]!.status === "rejected" ? ann : bob;
  const rejected = await rejectionOf(late.collection("loans").create({ book: orlando.id }));
  expect(rejected.response).toEqual({ data: {}, message: "All copies are lent.", status: 400 });
});

test("subscribers of the shelf get a message for each loan, but not for rejected ones", async () => {
  const dan = await reader("Dan");
  const messages: unknown[] = [];
  const received = Promise.withResolvers<void>();
  await dan.realtime.subscribe("shelf", (message) => {
    messages.push(message);
    if (messages.length === 2) received.resolve();
  });
  const essays = await book(dan, "Essais");
  const loan = await dan.collection("loans").create({ book: essays.id });
  await rejectionOf(dan.collection("loans").create({ book: essays.id }));
  await dan.collection("loans").delete(loan.id);
  const again = await dan.collection("loans").create({ book: essays.id });
  await received.promise;
  await dan.realtime.unsubscribe();
  await dan.collection("loans").delete(again.id);
  expect(messages).toEqual([
    { title: "Essais", copies: 0 },
    { title: "Essais", copies: 0 },
  ]);
});

test("a reader can borrow at most three books, and return all at once", async () => {
  const eve = await reader("Eve");
  const { id } = await book(eve, "Middlemarch");
  const essays = await book(eve, "Essais");
  for (const each of [id, id, essays.id]) await eve.collection("loans").create({ book: each });
  expect((await rejectionOf(eve.collection("loans").create({ book: id }))).response["message"]).toContain(
    "Three books",
  );

  expect(await eve.send("/api/return-all", { method: "POST" })).toEqual({ returned: 3 });
  expect((await eve.collection("loans").getList()).totalItems).toBe(0);
  expect(await shelf("essay")).toEqual([{ title: "Essais", copies: 1 }]);
  expect((await fetch(`${url}/api/return-all`, { method: "POST" })).status).toBe(401);
});
