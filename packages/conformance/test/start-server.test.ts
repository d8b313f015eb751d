import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { startServer } from "../src/index.ts";

setDefaultTimeout(60_000);

/** A shell command line that runs `before` and then serves its own folder's path. */
const serving = (before: string): string =>
  `exec ${process.execPath} -e '${before}; Bun.serve({ port: {port}, fetch: () => new Response(process.argv.at(-1)) })' {dir}`;

const isGone = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

test("each server gets its own port and folder, and leaves nothing behind", async () => {
  const [one, two] = await Promise.all([serving("0"), serving("0")].map((command) => startServer({ command })));
  expect(one!.port).not.toBe(two!.port);
  expect(await (await fetch(one!.url)).text()).toBe(one!.dir);
  await Promise.all([one!.stop(), two!.stop()]);
  expect(await isGone(one!.url)).toBe(true);
  expect(existsSync(one!.dir)).toBe(false);
});

test("the error of a server that does not start has its output", async () => {
  const start = startServer({ command: `echo the disk is full && exit 3` });
  expect(await start.catch(String)).toMatch(/^Failure: .*did not become healthy:\nthe disk is full/);
});

test("starting fails if the server never becomes healthy", async () => {
  const start = startServer({ command: "exec sleep 60", startMs: 100 });
  expect(await start.catch(String)).toMatch(/did not become healthy/);
});

test("a server that ignores SIGTERM is killed", async () => {
  const command = serving(`process.on("SIGTERM", () => undefined)`);
  const server = await startServer({ command, stopMs: 100 });
  await server.stop();
  expect(await isGone(server.url)).toBe(true);
});
