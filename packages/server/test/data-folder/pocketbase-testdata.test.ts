/** Runs if `HEADWATER_POCKETBASE_TESTDATA` is the folder of PocketBase's own tests and `pocketbase` is on the PATH. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { SuperuserClient, signIn } from "@headwater/testing/servers/superuser-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { hasPocketBase, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);

const ACCOUNT = { email: "test@example.com", password: "1234567890" };
/** Without `users`, whose accounts need a second factor. */
const AUTH_COLLECTIONS = ["_superusers", "clients"];
/** Not compared: PocketBase records sign-ins only if it can send mail. */
const SIGN_INS = "_authOrigins";

for (const testdata of hasPocketBase ? [process.env["HEADWATER_POCKETBASE_TESTDATA"] ?? []].flat() : []) {
  describe("the folder of PocketBase's own tests", () => {
    let temp: TempDir;
    let ours: ServerProcess;
    let theirs: ServerProcess;
    const tokens = new Map<string, string>();

    const open = (kind: ServerKind): Promise<ServerProcess> => {
      const dir = join(temp.path, kind, "pb_data");
      cpSync(testdata, dir, { recursive: true });
      return startServer({ kind, dir });
    };

    beforeAll(async () => {
      temp = tempDir();
      [ours, theirs] = await Promise.all([open("headwater"), open("pocketbase")]);
      for (const collection of AUTH_COLLECTIONS) {
        for (const { url } of [ours, theirs]) {
          tokens.set(url + collection, (await signIn(url, collection, ACCOUNT.email, ACCOUNT.password)).token);
        }
      }
    });

    afterAll(async () => {
      await Promise.all([ours, theirs].map((server) => server[Symbol.asyncDispose]()));
      temp[Symbol.dispose]();
    });

    /** Sends the same request to both servers, each with its own token. */
    function requestBoth(path: string, account: string): Promise<unknown[]> {
      return Promise.all(
        [ours, theirs].map(async ({ url }) => {
          const { status, body } = await request(url, "GET", path, { token: tokens.get(url + account) });
          return { path, account, status, body };
        }),
      );
    }

    test("has the same collections", async () => {
      const [our, their] = await requestBoth("/api/collections?perPage=200&sort=name", "_superusers");
      expect(our).toEqual(their);
    });

    test("lists the same records for each account", async () => {
      const superuser = await SuperuserClient.signIn(theirs.url, ACCOUNT);
      const { body } = await superuser.request<{ items: { name: string }[] }>("GET", "/api/collections?perPage=200");
      for (const { name } of body.items.filter((collection) => collection.name !== SIGN_INS)) {
        for (const account of [...AUTH_COLLECTIONS, "guest"]) {
          const [our, their] = await requestBoth(`/api/collections/${name}/records?perPage=200&sort=id`, account);
          expect(our).toEqual(their);
        }
      }
    });

    test("accepts a write, and PocketBase can read it", async () => {
      const superuser = await SuperuserClient.signIn(ours.url, ACCOUNT);
      const record = await superuser.create("demo2", { title: "written by Headwater" });
      expect(await ours.stop()).toBe(0);
      await using original = await startServer({ kind: "pocketbase", dir: ours.dir });
      const reply = await request(original.url, "GET", `/api/collections/demo2/records/${record.id}`);
      expect(reply.body).toEqual(record);
    });
  });
}
