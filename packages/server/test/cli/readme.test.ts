import { expect, setDefaultTimeout, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../../../..");
const BUN = process.execPath;

/** The programs in the README, as written. */
const snippets = [...(await Bun.file(join(ROOT, "README.md")).text()).matchAll(/^```(?:js|ts)\n(.*?)^```$/gms)].map(
  ([, text]) => text!,
);
const [sdkSnippet, librarySnippet, ...others] = snippets as [string, string];

/** Starts a program in an empty folder that has this repository's packages. */
async function start(command: readonly string[], program: string) {
  const folder = tempDir();
  const file = join(folder.path, "program.mjs");
  await Bun.write(file, program);
  symlinkSync(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  const child = Bun.spawn([...command, file], {
    cwd: folder.path,
    stdout: "pipe",
    stderr: "pipe",
  });
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

test("the README has the programs that are run here", () => {
  expect(sdkSnippet).toContain('from "pocketbase"');
  expect(librarySnippet).toContain('from "headwater"');
  expect(others).toEqual([]);
});

for (const [name, command] of [
  ["Node", ["node"]],
  ["Bun", [BUN, "--no-orphans"]],
] as const) {
  test(`the README's first program runs as written on ${name}`, async () => {
    await using server = await startServer();
    const program = sdkSnippet.replace("http://127.0.0.1:8090", server.url);
    expect(program).toContain(server.url);
    await using running = await start(command, program);
    let output = "";
    for await (const text of running.child.stdout.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (output.includes("update ")) break;
    }
    running.child.kill();
    expect({ output, errors: await running.child.stderr.text() }).toEqual({
      output: expect.stringMatching(/^update \w{15}\n$/) as string,
      errors: "",
    });
  });
}

test("the README's second program runs as written", async () => {
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = librarySnippet.replace("createApp({", `createApp({ port: ${port},`);
  await using running = await start([BUN, "--no-orphans"], program);
  while (running.child.exitCode === null && !(await fetch(`${url}/api/health`).catch(() => undefined)))
    await Bun.sleep(20);
  expect(await (await fetch(`${url}/api/hello/you`)).json()).toEqual({ hello: "you" });
  const list = await fetch(`${url}/api/collections/posts/records`);
  expect(await list.json()).toMatchObject({ items: [{ title: "Hello", slug: "hello" }] });
});
