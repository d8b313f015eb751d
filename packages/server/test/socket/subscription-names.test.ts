import { expect, test } from "bun:test";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

test("equivalent patterns with different spellings keep their own names", async () => {
  const [first, second] = [await server.connect(), await server.connect()];
  const spelt = `notes.*?options=${JSON.stringify({ query: { filter: 'title = "50%25"' }, headers: {} })}`;
  await first.subscribe(spelt);
  await second.subscribe("notes.*", { filter: 'title = "50%25"' });
  for (const title of ["50%", "50%25"]) await server.superuser.create("notes", { title });
  const [[one], [other]] = await Promise.all([first.untilEvents(1), second.untilEvents(1)]);
  expect(one).toMatchObject({ patterns: [spelt], record: { title: "50%" } });
  expect(other).toMatchObject({ patterns: ["notes.*"], record: { title: "50%25" } });
});

test("a very long pattern of special characters is refused", async () => {
  const client = await server.connect();
  const answer = await client.request({ type: "subscribe", pattern: "@".repeat(60_000) });
  expect(answer).toMatchObject({ type: "error", code: "bad_pattern" });
});
