import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { integer, sample } from "fast-check";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(300_000);

const ROUNDS = Number(process.env["HEADWATER_CRASH_ROUNDS"] ?? 4);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
/** Enough that a change takes a while, and runs beside the server's thread. */
const ROWS = 20_000;
const MAX_DELAY_MS = 600;

const choice = (maxSelect: number): object => ({
  id: "choice1",
  name: "choice",
  type: "select",
  values: ["a", "b", "c"],
  maxSelect,
});
const text = (name: string): object => ({ id: `text_${name}`, name, type: "text" });

/** Each change, and the one back. */
const CHANGES = [
  [{ fields: [choice(1), text("copy"), text("body")] }, { fields: [choice(3), text("copy"), text("body")] }],
  [
    { fields: [choice(1), text("copy"), text("body")] },
    { fields: [choice(1), { ...text("copy"), name: "twin" }, text("body")] },
  ],
  [{ indexes: [] }, { indexes: ["create index big_body on big (body)"] }],
  [{ name: "big" }, { name: "large" }],
] as const;

test(`a server killed during a change of a collection has the old schema or the new, and all values (seed ${SEED})`, async () => {
  using temp = tempDir();
  const options = { dir: join(temp.path, "pb_data"), args: ["--log-level", "error"] } as const;
  let server = await startServer(options);
  let superuser = await SuperuserClient.signIn(server.url);
  const sql = async (query: string): Promise<readonly (readonly (string | null)[])[]> => {
    const {
      status,
      text: answer,
      body,
    } = await superuser.request<{ rows: string[][] }>("POST", "/api/sql", { body: { query } });
    if (status !== 200) throw new Error(answer);
    return body.rows;
  };
  await superuser.createCollection({ name: "big", type: "base", fields: [choice(1), text("copy"), text("body")] });
  const numbers = `with recursive n(x) as (values (1) union all select x + 1 from n where x < ${ROWS})`;
  await sql(`insert into big (id, choice, copy, body) ${numbers}
    select 'r' || x, substr('abc', x % 4, 1), substr('abc', x % 4, 1), hex(zeroblob(250)) || x from n`);
  const logged = async (): Promise<number> =>
    Number((await sql("select count(*) from _changes where collection = '_collections' and record <> '*'"))[0]![0]);
  const delays = sample(integer({ min: 0, max: MAX_DELAY_MS }), { numRuns: ROUNDS, seed: SEED });
  for (const [round, delay] of delays.entries()) {
    const [before, after] = CHANGES[round % CHANGES.length]!;
    const id = (await sql("select id from _collections where name = 'big'"))[0]![0]!;
    const entries = await logged();
    const changed = superuser.request("PATCH", `/api/collections/${id}`, { body: after }).catch(() => undefined);
    await Bun.sleep(delay);
    await server.stop("SIGKILL");
    await changed;
    server = await startServer({ ...options, port: server.port });
    superuser = await SuperuserClient.signIn(server.url);
    const { name, fields } = (
      await superuser.request<{ name: string; fields: { name: string; maxSelect?: number }[] }>(
        "GET",
        `/api/collections/${id}`,
      )
    ).body;
    const isNew = (await logged()) > entries;
    const copy = fields.some((field) => field.name === "twin") ? "twin" : "copy";
    const isList = fields.find((field) => field.name === "choice")!.maxSelect === 3;
    const expected = isList ? `iif(${copy} = '', '[]', json_array(${copy}))` : copy;
    const [counts] = await sql(
      `select count(*), sum(choice = ${expected}), sum(body = hex(zeroblob(250)) || substr(id, 2)) from ${name}`,
    );
    expect({ round, counts }).toEqual({ round, counts: [`${ROWS}`, `${ROWS}`, `${ROWS}`] });
    const columns = (await sql(`select name from pragma_table_info('${name}') order by 1`)).map(([column]) => column);
    expect(columns).toEqual(fields.map((field) => field.name).sort());
    const indexes = await sql("select count(*) from sqlite_schema where type = 'index' and name = 'big_body'");
    // The log has an entry if and only if the schema is the new one.
    const shown = { name, copy, isList, hasIndex: indexes[0]![0] === "1" };
    const is = { name: "big", copy: "copy", isList: false, hasIndex: false };
    const news = [{ isList: true }, { copy: "twin" }, { hasIndex: true }, { name: "large" }];
    expect({ round, ...shown }).toEqual({ round, ...is, ...(isNew && news[round % CHANGES.length]) });
    expect(await sql("pragma integrity_check")).toEqual([["ok"]]);
    await superuser.request("PATCH", `/api/collections/${id}`, { body: before });
  }
  await server[Symbol.asyncDispose]();
});
