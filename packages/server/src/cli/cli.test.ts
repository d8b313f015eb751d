import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { SETTINGS } from "../flags.ts";

// Each test starts processes, and the machine may be busy.
setDefaultTimeout(60_000);

const MAIN = join(import.meta.dir, "../main.ts");
const LAUNCHER = join(import.meta.dir, "../../bin/headwater.js");
const root = testDir();

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], input = "", program = [process.execPath, MAIN]): Promise<Ended> {
  const child = Bun.spawn([...program, ...args], {
    cwd: root,
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, HEADWATER_DIR: "" },
  });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}

/** Starts a server as a process, and waits until it logs its address. */
async function serve(dir: string) {
  const child = Bun.spawn([process.execPath, MAIN, "serve", "--dir", dir, "--http", "127.0.0.1:0"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const url = /"url":"([^"]+)"/.exec(text)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the server did not start: ${await child.stderr.text()}`);
}

const email = "root@example.com";
const password = "1234567890";

function accounts(dir: string): string[] {
  using database = new Database(join(dir, "data.db"));
  return database
    .query<{ email: string }, []>("SELECT email FROM _superusers ORDER BY email")
    .all()
    .map((row) => row.email);
}

describe("the command prints one sentence and exits with 1 for", () => {
  const fake = join(root, "fake");
  mkdirSync(fake);
  writeFileSync(join(fake, "data.db"), "a text that is long enough to be taken for a database's header".repeat(20));
  test.each<[string, readonly string[], string]>([
    ["an unknown command", ["fly"], "Unknown command 'fly'."],
    ["an unknown flag", ["serve", "--fly"], "Unknown option '--fly'."],
    ["a missing argument", ["superuser", "create"], "Missing required argument 'email'."],
    ["a bad address", ["serve", "--http", "here"], '--http must be HOST:PORT such as 127.0.0.1:8090, not "here".'],
    [
      "a bad level",
      ["serve", "--log-level", "loud"],
      '--log-level must be one of debug, info, warn, error, silent, not "loud".',
    ],
    ["an invalid email", ["superuser", "create", "me", password], '"me" is not an email address.'],
    ["an unknown superuser", ["superuser", "update", email, password, "--dir", "a"], `There is no superuser ${email}.`],
    [
      "a short password",
      ["superuser", "create", email, "short", "--dir", "a"],
      "Failed to create record. password: Must be at least 8 character(s).",
    ],
    [
      "a sweep of a mistyped folder",
      ["files", "sweep", "--dir", join(root, "mistyped")],
      `There is no database in ${root}/mistyped. Name the data folder with --dir.`,
    ],
    [
      "a server that can't be reached",
      ["types", "--url", "http://127.0.0.1:1", "--superuser", `${email}:${password}`],
      "Can't reach http://127.0.0.1:1: ECONNREFUSED: Unable to connect. Is the computer able to access the url?",
    ],
    [
      "an address that is no URL",
      ["types", "--url", "here", "--superuser", `${email}:${password}`],
      '--url must be an address such as https://example.com, not "here".',
    ],
    ["no password", ["superuser", "create", email, "--dir", "a"], "A password is required."],
    [
      "a file that is not a database",
      ["serve", "--dir", fake],
      `${fake}/data.db can't be opened: file is not a database.`,
    ],
    [
      "a file in place of the folder",
      ["serve", "--dir", join(fake, "data.db")],
      `The folder ${fake}/data.db can't be written: a file is in its place.`,
    ],
  ])("%s", async (_, args, sentence) => {
    expect(await run(args)).toEqual({ code: 1, stdout: "", stderr: `${sentence}\n` });
  });
});

test("help and version exit with 0", async () => {
  const help = await run(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("serve");
  for (const command of [["serve"], ["superuser"], ["superuser", "create"]]) {
    const { code, stdout } = await run([...command, "--help"]);
    expect({ code, usage: stdout.split("\n", 1)[0] }).toEqual({
      code: 0,
      usage: expect.stringContaining(`Usage: headwater ${command.join(" ")}`),
    });
  }
  expect(await run(["--version"])).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
});

test("help says no default where there is none, and that only some commands make a folder", async () => {
  const helps = ["serve", "superuser create", "files sweep", "doctor", "types", "records export", "collections import"];
  const texts = await Promise.all(helps.map(async (command) => (await run([...command.split(" "), "--help"])).stdout));
  expect(texts.filter((text) => text.includes("(default: ,"))).toEqual([]);
  expect(helps.filter((_, at) => /created if it is\s+missing/.test(texts[at]!))).toEqual(["serve", "superuser create"]);
});

test("serve takes every setting", async () => {
  const { stdout } = await run(["serve", "--help"]);
  expect(Object.values(SETTINGS).filter(({ flag }) => !stdout.includes(`${flag} <`))).toEqual([]);
});

test("superusers are created, changed and deleted, and the folder is created if needed", async () => {
  const dir = join(root, "deep", "folder");
  const command = async (verb: string, args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await run(["superuser", verb, ...args, "--dir", dir], input);
    return `${code}: ${stdout}${stderr}`;
  };
  expect(await command("create", [email, password])).toBe(`0: Superuser ${email} was created.\n`);
  expect(await command("create", [email, password])).toBe(
    `1: The superuser ${email} already exists. Set its password with "headwater superuser update".\n`,
  );
  expect(await command("upsert", [email], "from-a-pipe\n")).toBe(`0: Superuser ${email} has the new password.\n`);
  expect(await command("delete", [email])).toBe("1: You can't delete the only existing superuser.\n");
  expect(await command("upsert", ["two@example.com", password])).toBe("0: Superuser two@example.com was created.\n");
  expect(accounts(dir)).toEqual([email, "two@example.com"]);
  expect(await command("delete", [email])).toBe(`0: Superuser ${email} was deleted.\n`);
  expect(await command("delete", [email])).toBe(`0: There is no superuser ${email}: nothing to delete.\n`);
  expect(accounts(dir)).toEqual(["two@example.com"]);
});

test("a server prints first steps, locks its folder and port, accepts new superusers, and stops gracefully", async () => {
  const dir = join(root, "served");
  const { child, url } = await serve(dir);
  const signIn = (): Promise<Response> =>
    fetch(`${url}/api/collections/_superusers/auth-with-password`, {
      method: "POST",
      body: new URLSearchParams({ identity: email, password }),
    });
  expect((await signIn()).status).toBe(400);
  expect((await run(["superuser", "create", email, password, "--dir", dir])).code).toBe(0);
  expect((await signIn()).status).toBe(200);

  expect(await run(["serve", "--dir", dir])).toEqual({
    code: 1,
    stdout: "",
    stderr: `Another server is already serving ${dir}.\n`,
  });
  const address = new URL(url).host;
  expect(await run(["serve", "--dir", join(root, "other"), "--http", address])).toEqual({
    code: 1,
    stdout: "",
    stderr: `The server can't listen on ${address}: another program is using it.\n`,
  });

  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  const message = await child.stderr.text();
  expect(message).toContain(`${url}/api/`);
  expect(message).toContain(`headwater superuser create you@example.com --dir ${dir}`);
  expect(message.split("\n").length).toBeLessThan(20);
});

test("Node runs the server on the installed Bun, and passes its exit code on", async () => {
  const node = ["node", LAUNCHER];
  expect(await run(["--version"], "", node)).toEqual({ code: 0, stdout: expect.stringMatching(/^\d/), stderr: "" });
  expect(await run(["fly"], "", node)).toEqual({ code: 1, stdout: "", stderr: "Unknown command 'fly'.\n" });
});

test("the launcher forwards signals to the server", async () => {
  const child = Bun.spawn(["node", LAUNCHER, "serve", "--dir", join(root, "launched"), "--http", "127.0.0.1:0"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  expect((await lines.next()).value).toContain('"msg":"listening"');
  child.kill("SIGINT");
  expect(await child.exited).toBe(0);
});
