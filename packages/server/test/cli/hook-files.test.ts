import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SuperuserClient, type ApiModel } from "@headwater/testing/servers/superuser-client.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { runCommand } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);

const PACKAGES = join(import.meta.dir, "../../../../node_modules");

/** A project with a hooks folder and a data folder; packages resolve as in a real project. */
function project() {
  const temp = tempDir();
  const hooks = join(temp.path, "pb_hooks");
  mkdirSync(hooks);
  symlinkSync(PACKAGES, join(temp.path, "node_modules"));
  const write = (name: string, text: string): void => {
    // A rename, as editors do it: the file is never half written.
    writeFileSync(join(temp.path, "saved"), text);
    renameSync(join(temp.path, "saved"), join(hooks, name));
  };
  return { dir: join(temp.path, "pb_data"), hooks, write, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

const slugHook = (suffix: string): string => `
  import { type Extendable, forbidden } from "headwater";
  import { z } from "zod";
  import { shout } from "./lib/shout.ts";

  export default (app: Extendable) => {
    app.before("create", "posts", ({ values }) => {
      if (values["title"] === "refused") throw forbidden("By a hook.");
      values["slug"] = shout(z.string().parse(values["title"])) + ${JSON.stringify(suffix)};
    });
    app.route("GET", "/api/version", () => ({ version: ${JSON.stringify(suffix)} }));
  };
`;

const FAILED = "hooks could not be loaded";

const linesWith = async (server: ServerProcess, text: string): Promise<string[]> =>
  (await server.stdout()).split("\n").filter((line) => line.includes(text));

/** Waits until this many log lines contain the text. @returns the last of them */
async function logged(server: ServerProcess, text: string, times = 1): Promise<string> {
  for (;;) {
    const lines = await linesWith(server, text);
    if (lines.length >= times) return lines.at(-1)!;
    await Bun.sleep(20);
  }
}

test("hook files are loaded, and reloaded when saved; a broken file keeps the last version, and streams continue", async () => {
  using files = project();
  mkdirSync(join(files.hooks, "lib"));
  files.write("lib/shout.ts", "export const shout = (text: string): string => text.toUpperCase();");
  files.write("slug.ts", slugHook(" 1"));
  await using server = await startServer({ kind: "headwater", dir: files.dir });
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection({
    name: "posts",
    fields: [
      { name: "title", type: "text" },
      { name: "slug", type: "text" },
    ],
    listRule: "",
    createRule: "",
  });
  const post = (title: string) =>
    request<ApiModel>(server.url, "POST", "/api/collections/posts/records", { body: { title } });
  using stream = await SseClient.connect(server.url);
  await stream.subscribe(["posts/*"]);

  expect((await post("a")).body).toMatchObject({ slug: "A 1" });
  expect(await post("refused")).toMatchObject({ status: 403, body: { message: "By a hook." } });
  expect((await request(server.url, "GET", "/api/version")).body).toEqual({ version: " 1" });

  files.write("slug.ts", slugHook(" 2"));
  await logged(server, "hooks reloaded");
  expect((await post("b")).body).toMatchObject({ slug: "B 2" });
  expect((await request(server.url, "GET", "/api/version")).body).toEqual({ version: " 2" });

  // A change to an imported file reloads the hooks too.
  files.write("lib/shout.ts", "export const shout = (text: string): string => `${text}!`;");
  await logged(server, "hooks reloaded", 2);
  expect((await post("c")).body).toMatchObject({ slug: "c! 2" });

  for (const [broken, place] of [
    [`${slugHook(" 3")}\n  export const = 1;`, "slug.ts:14:"],
    ["export default () => {\n  throw new Error('mine');\n};", "slug.ts:2:"],
    ["import 'no-such-package';", "slug.ts:1:"],
    ["export const a = 1;", "slug.ts"],
  ] as const) {
    const before = (await linesWith(server, FAILED)).length;
    files.write("slug.ts", broken);
    const line = JSON.parse(await logged(server, FAILED, before + 1)) as { place: string };
    expect(line.place).toContain(place);
    expect((await post("d")).body).toMatchObject({ slug: "d! 2" });
    expect((await request(server.url, "GET", "/api/version")).body).toEqual({ version: " 2" });
  }

  // A module that failed to link must not stay in the module cache.
  files.write("lib/shout.ts", "export const whisper = 1;");
  files.write("slug.ts", slugHook(" 4"));
  await logged(server, "'shout' not found");
  files.write("lib/shout.ts", "export const shout = (text: string): string => `${text}?`;");
  await logged(server, "hooks reloaded", 3);
  expect((await post("e")).body).toMatchObject({ slug: "e? 4" });

  rmSync(join(files.hooks, "slug.ts"));
  await logged(server, "hooks reloaded", 4);
  expect((await post("last")).body).toMatchObject({ slug: "" });
  expect((await request(server.url, "GET", "/api/version")).status).toBe(404);

  await stream.inbox.until((events) => events.some(({ data }) => data.includes('"last"')));
  const titles = stream.events.map(({ data }) => (JSON.parse(data) as { record: ApiModel }).record["title"]);
  expect(titles).toEqual(["a", "b", "c", "d", "d", "d", "d", "e", "last"]);
  expect(stream.isOver).toBe(false);
  expect(await server.stop()).toBe(0);
});

test("the function that a hook file returns runs before the file is reloaded", async () => {
  using files = project();
  const ticking = (name: string): string => `
    import type { Extendable } from "headwater";
    export default ({ logger }: Extendable) => {
      const timer = setInterval(() => logger.info("${name} ticks"), 5);
      return () => {
        clearInterval(timer);
        logger.info("${name} stopped");
      };
    };`;
  files.write("tick.ts", ticking("first"));
  await using server = await startServer({ kind: "headwater", dir: files.dir });
  await logged(server, "first ticks");
  files.write("tick.ts", ticking("second"));
  await logged(server, "second ticks", 3);
  const lines = (await server.stdout()).split("\n");
  const stopped = lines.findIndex((line) => line.includes("first stopped"));
  expect(stopped).toBeGreaterThan(0);
  expect(lines.slice(stopped).filter((line) => line.includes("first ticks"))).toEqual([]);
});

test("the server does not start if hooks cannot be loaded", async () => {
  using files = project();
  files.write("bad.ts", "export default (\n");
  const serve = (...args: string[]) =>
    runCommand("headwater", ["serve", "--dir", files.dir, "--http", `127.0.0.1:${freePort()}`, ...args]);
  const broken = await serve();
  expect(broken.code).toBe(1);
  expect(broken.stderr).toContain("bad.ts:");
  expect(broken.stderr.trim().split("\n")).toHaveLength(1);
  const missing = await serve("--hooks", join(files.hooks, "nowhere"));
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/The hooks folder .*nowhere does not exist/),
  });
});

test("--hooks takes any folder", async () => {
  using files = project();
  const hooks = join(files.dir, "..", "other");
  renameSync(files.hooks, hooks);
  writeFileSync(join(hooks, "route.ts"), 'export default (app: any) => app.route("GET", "/api/here", () => [1]);');
  await using server = await startServer({ kind: "headwater", dir: files.dir, args: ["--hooks", hooks] });
  expect((await request(server.url, "GET", "/api/here")).body).toEqual([1]);
});
