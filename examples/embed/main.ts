/** A lending library. Run `npx bun examples/embed/main.ts`, then use the PocketBase SDK or curl. */
import { badRequest, createApp, filter, unauthorized } from "headwater";
import { books, loans, readers } from "./collections.ts";

const app = await createApp({
  dir: process.env["LIBRARY_DIR"] ?? `${import.meta.dir}/data`,
  port: Number(process.env["LIBRARY_PORT"] ?? 8090),
  collections: [readers, books, loans],
  logLevel: "warn",
});

// Runs before every write, whichever API it comes from. Sets the reader, so that clients don't need to send it.
app.before("create", loans, async ({ values, caller, records }) => {
  if (caller.kind === "user") values.reader = caller.record!.id;
  const { totalItems } = await records(loans).list({ filter: filter`reader = ${values.reader ?? ""}`, perPage: 1 });
  if (totalItems >= 3) throw badRequest("Three books at a time are enough.");
});

// Runs in the write's transaction, so that a copy can't be lent twice.
app.within("create", loans, async ({ record, tx }) => {
  const { title, copies } = await tx.records(books).get(record.book);
  if (copies < 1) throw badRequest("All copies are lent.");
  await tx.records(books).update(record.book, { "copies-": 1 });
  // Committed together with the loan. Goes to all subscribers of the channel `shelf`.
  await tx.realtime.broadcast("shelf", { title, copies: copies - 1 });
});
app.within("delete", loans, async ({ record, tx }) => {
  await tx.records(books).update(record.book, { "copies+": 1 });
});

// Runs after the commit, once for each change and in order.
app.after("create", loans, async ({ record }) => {
  const { expand } = await app.records(loans).get(record.id, { expand: "book,reader" });
  process.stdout.write(`${expand?.reader?.name} took "${expand?.book?.title}"\n`);
});

app.route("GET", "/api/shelf/:genre", async ({ params }) => {
  const { items } = await app
    .records(books)
    .list({ filter: filter`genre = ${params.genre} && copies > 0`, sort: "title" });
  return items.map(({ title, copies }) => ({ title, copies }));
});

// Returns all books in one transaction.
app.route("POST", "/api/return-all", async ({ caller }) => {
  if (caller.kind !== "user") throw unauthorized();
  const own = filter`reader = ${caller.record!.id}`;
  return app.transaction(async (tx) => {
    const { items } = await tx.records(loans).list({ filter: own, perPage: 1000 });
    for (const { id } of items) await tx.records(loans).delete(id);
    return { returned: items.length };
  });
});

if (!(await app.records(books).first("title != ''"))) {
  await app.transaction(async (tx) => {
    await tx.records(books).create({ title: "Middlemarch", genre: "novel", copies: 2 });
    await tx.records(books).create({ title: "Orlando", genre: "novel", copies: 1 });
    await tx.records(books).create({ title: "Essais", genre: "essay", copies: 1 });
  });
}

const { url } = app.start();
process.stdout.write(`The library is open: ${url}/api/shelf/novel\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.stop().then(() => process.exit()));
}
