import { expect, test } from "bun:test";
import fc from "fast-check";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define } = await startTestApp();
const IDS = ["aaaaaaaaaaaaaa1", "aaaaaaaaaaaaaa2", "aaaaaaaaaaaaaa3"];
const open = { listRule: "", viewRule: "", createRule: "", updateRule: "title != 'locked'", deleteRule: "n < 3" };
const fields = [
  { name: "title", type: "text", required: true },
  { name: "n", type: "number" },
];
for (const name of ["batched", "single"]) {
  await define({ name, ...open, fields, indexes: [`CREATE UNIQUE INDEX idx_${name} ON ${name} (title)`] });
}
const batch = { enabled: true, maxRequests: 100 };
await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch } });

interface Write {
  readonly method: string;
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const writes = fc.array(
  fc.record<Write>({
    method: fc.constantFrom("POST", "PATCH", "PUT", "DELETE"),
    id: fc.constantFrom(...IDS),
    body: fc.dictionary(fc.constantFrom("title", "n", "n+"), fc.constantFrom<unknown>("", "a", "b", "locked", 1, 2)),
  }),
  { maxLength: 8 },
);

const records = (name: string): string => `/api/collections/${name}/records`;

async function state(name: string): Promise<readonly unknown[]> {
  const page = await play(url, { path: `${records(name)}?sort=id&fields=id,title,n` });
  return ((await page.json()) as { items: unknown[] }).items;
}

async function clear(name: string): Promise<void> {
  await play(url, { method: "DELETE", path: `/api/collections/${name}/truncate`, token: admin });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the write does as a request of its own. An upsert is an update or a create. */
async function playSingle({ method, id, body }: Write): Promise<Answer> {
  const isThere = method === "PUT" && (await play(url, { path: `${records("single")}/${id}` })).status === 200;
  const single = method === "PUT" ? (isThere ? "PATCH" : "POST") : method;
  const values = single === "POST" || method === "PUT" ? { id, ...body } : body;
  const path = single === "POST" ? records("single") : `${records("single")}/${id}`;
  const response = await play(url, { method: single, path: `${path}?fields=id,title,n`, body: values });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
}

const requestOf = ({ method, id, body }: Write): object =>
  method === "POST" || method === "PUT"
    ? { method, url: `${records("batched")}?fields=id,title,n`, body: { id, ...body } }
    : { method, url: `${records("batched")}/${id}?fields=id,title,n`, body };

test("a batch does what its requests do one after another, up to the first that fails, which undoes all", async () => {
  await fc.assert(
    fc.asyncProperty(writes, writes, async (before, sent) => {
      await Promise.all([clear("batched"), clear("single")]);
      const requests = (list: readonly Write[]) =>
        play(url, { method: "POST", path: "/api/batch", body: { requests: list.map(requestOf) } });
      for (const write of before) {
        await playSingle(write);
        await requests([write]);
      }
      const stored = await state("batched");
      expect(await state("single")).toEqual(stored);
      if (sent.length === 0) return;

      const singles: Answer[] = [];
      for (const write of sent) {
        singles.push(await playSingle(write));
        if (singles.at(-1)!.status >= 400) break;
      }
      const answer: unknown = await (await requests(sent)).json();
      const last = singles.at(-1)!;
      if (last.status < 400) {
        expect(answer).toEqual(singles);
        expect(await state("batched")).toEqual(await state("single"));
        return;
      }
      expect(answer).toMatchObject({ data: { requests: { [singles.length - 1]: { response: last.body } } } });
      expect(await state("batched")).toEqual(stored);
    }),
    { numRuns: 60 },
  );
}, 120_000);
