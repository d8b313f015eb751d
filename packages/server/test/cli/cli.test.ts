import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { SuperuserClient, signIn } from "@headwater/testing/servers/superuser-client.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { type CommandResult, runCommand } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer, SUPERUSER } from "@headwater/testing/servers/server-process.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);

const run = (...args: string[]): Promise<CommandResult> => runCommand("headwater", args);
const start = (dir?: string): Promise<ServerProcess> => startServer({ kind: "headwater", ...(dir ? { dir } : {}) });
const anyPort = (): string => `127.0.0.1:${freePort()}`;

/** Exit code 1, and one line on standard error without a stack trace. */
function expectRefused({ code, stdout, stderr }: CommandResult, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
}

describe("help", () => {
  test("lists the commands", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    for (const command of ["serve", "superuser"]) expect(stdout).toContain(command);
  });

  test("of a command lists its flags", async () => {
    const { code, stdout } = await run("serve", "--help");
    expect(code).toBe(0);
    for (const flag of ["--dir", "--http", "--origins", "--log-level"]) expect(stdout).toContain(flag);
  });

  test("is printed if no command is given", async () => {
    expect((await run()).stderr).toContain("Usage:");
  });

  test("--version prints the package's version", async () => {
    expect(await run("--version")).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });
});

describe("serve", () => {
  test("refuses invalid arguments with one line", async () => {
    expectRefused(await run("serve", "--nope"), /unknown option '--nope'/i);
    expectRefused(await run("nope"), /unknown command 'nope'/i);
    expectRefused(await run("serve", "--http", "here"), /--http must be HOST:PORT/);
    expectRefused(await run("serve", "--http", "127.0.0.1:99999"), /--http must be HOST:PORT/);
    expectRefused(await run("serve", "--log-level", "loud"), /--log-level must be one of/);
  });

  test("refuses a data folder that is a file", async () => {
    using temp = tempDir();
    const file = join(temp.path, "file");
    await Bun.write(file, "not a folder");
    expectRefused(await run("serve", "--dir", file, "--http", anyPort()), /folder .* can't be written/);
    expectRefused(await run("serve", "--dir", join(file, "below"), "--http", anyPort()), /folder .* can't be written/);
  });

  test("refuses a file that is not a database, and does not change it", async () => {
    using temp = tempDir();
    const content = "this is not a database ".repeat(1000);
    await Bun.write(join(temp.path, "data.db"), content);
    expectRefused(await run("serve", "--dir", temp.path, "--http", anyPort()), /data\.db can't be opened/);
    expect(await Bun.file(join(temp.path, "data.db")).text()).toBe(content);
  });

  test("refuses a port in use", async () => {
    using temp = tempDir();
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const address = `127.0.0.1:${listener.port}`;
    const result = await run("serve", "--dir", join(temp.path, "pb_data"), "--http", address, "--log-level", "silent");
    listener.stop(true);
    expectRefused(result, new RegExp(`${listener.port}`));
  });

  test("refuses a folder that another process serves, and the other process continues", async () => {
    await using server = await start();
    expectRefused(await run("serve", "--dir", server.dir, "--http", anyPort()), /already serving/);
    await signIn(server.url, "_superusers", SUPERUSER.email, SUPERUSER.password);
    expect(await server.stop()).toBe(0);
    await using next = await start(server.dir);
    expect(await next.stop()).toBe(0);
  });

  test("prints the URL on standard error and logs JSON lines on standard output", async () => {
    await using server = await start();
    expect(await server.stop()).toBe(0);
    expect(await server.stderr()).toContain(server.url);
    const lines = (await server.stdout()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: "info", msg: "listening", url: server.url, dir: server.dir }),
    );
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "exits cleanly on %s within five seconds, with streams open",
    async (signal) => {
      await using server = await start();
      const streams = await Promise.all(Array.from({ length: 50 }, () => SseClient.connect(server.url)));
      const before = performance.now();
      expect(await server.stop(signal)).toBe(0);
      expect(performance.now() - before).toBeLessThan(5000);
      await Promise.all(streams.map(({ ended }) => ended));
    },
  );

  test("exits with the npm launcher that started it", async () => {
    using temp = tempDir();
    const address = anyPort();
    const launcher = join(import.meta.dir, "../../bin/headwater.js");
    const child = Bun.spawn(["node", launcher, "serve", "--dir", join(temp.path, "pb_data"), "--http", address], {
      stdout: "pipe",
      stderr: "ignore",
    });
    await child.stdout.getReader().read(); // The first log line: the server is listening.
    expect((await fetch(`http://${address}/api/health`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(await fetch(`http://${address}/api/health`).catch(() => "no response")).toBe("no response");
  });
});

describe("superuser", () => {
  const EMAIL = "second@example.com";

  test("is created, updated and deleted", async () => {
    await using server = await start();
    const superuser = (command: string, ...rest: string[]): Promise<CommandResult> =>
      run("superuser", command, EMAIL, ...rest, "--dir", server.dir);
    const canSignIn = (password: string): Promise<boolean> =>
      signIn(server.url, "_superusers", EMAIL, password).then(
        () => true,
        () => false,
      );

    expectRefused(await superuser("update", "first password"), /no superuser second@example\.com/);
    expect(await superuser("create", "first password")).toMatchObject({ code: 0, stderr: "" });
    expect(await canSignIn("first password")).toBe(true);
    expectRefused(await superuser("create", "another one"), /already/);
    expect((await superuser("update", "second password")).code).toBe(0);
    expect([await canSignIn("first password"), await canSignIn("second password")]).toEqual([false, true]);
    expect((await superuser("upsert", "third password")).code).toBe(0);
    expect(await canSignIn("third password")).toBe(true);
    expect((await superuser("delete")).code).toBe(0);
    expect(await canSignIn("third password")).toBe(false);
    expect((await superuser("upsert", "fourth password")).code).toBe(0);
    expect(await canSignIn("fourth password")).toBe(true);
  });

  test("takes the password from standard input, so that it does not show in the process list", async () => {
    await using server = await start();
    const args = ["superuser", "create", EMAIL, "--dir", server.dir];
    expect((await runCommand("headwater", args, "a password from a pipe\n")).code).toBe(0);
    await signIn(server.url, "_superusers", EMAIL, "a password from a pipe");
  });

  test("needs an email and a password of eight characters", async () => {
    using temp = tempDir();
    const dir = join(temp.path, "pb_data");
    expectRefused(await run("superuser", "create", "nobody", "long enough", "--dir", dir), /is not an email address/);
    expectRefused(await run("superuser", "create", EMAIL, "short", "--dir", dir), /at least 8 character/);
  });

  test("created on the command line is sent to subscribers of the running server", async () => {
    await using server = await start();
    const superuser = await SuperuserClient.signIn(server.url);
    using client = await SseClient.connect(server.url);
    await client.subscribe(["_superusers/*"], superuser.token);
    expect((await run("superuser", "create", EMAIL, "long enough", "--dir", server.dir)).code).toBe(0);
    await client.inbox.until((events) => events.length === 1);
    expect(JSON.parse(client.events[0]!.data)).toMatchObject({ action: "create", record: { email: EMAIL } });
  });
});
