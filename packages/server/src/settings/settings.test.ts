import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { openFolder } from "../app/folder.ts";
import { sql } from "../store/sql.ts";
import { CurrentSettings } from "./current-settings.ts";
import { decrypt, encrypt } from "./encryption.ts";
import { DEFAULT_SETTINGS, mergeSettings, type Settings, storedJson } from "./settings.ts";

const KEY = "0123456789abcdef0123456789abcdef";

async function openStore(dir = testDir()) {
  const folder = await openFolder(dir);
  afterAll(() => folder.close());
  return folder.store;
}

const named = (appName: string) => (before: Settings) => ({ ...before, meta: { ...before.meta, appName } });

test("what is stored is read again", () => {
  const changed = mergeSettings(DEFAULT_SETTINGS, {
    s3: { secret: "x" },
    superuserIPs: ["::1"],
    smtp: { password: "y" },
  });
  expect(mergeSettings(DEFAULT_SETTINGS, JSON.parse(storedJson(changed)))).toEqual(changed);
});

test("merging any JSON gives settings or fails", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(DEFAULT_SETTINGS)), fc.jsonValue()), (sent) => {
      let merged: Settings;
      try {
        merged = mergeSettings(DEFAULT_SETTINGS, sent);
      } catch {
        return;
      }
      expect(Object.keys(merged)).toEqual(Object.keys(DEFAULT_SETTINGS));
      expect(mergeSettings(merged, {})).toEqual(merged);
    }),
  );
});

test("any text is encrypted and decrypted, with its own key alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const encrypted = encrypt(text, KEY);
      expect(decrypt(encrypted, KEY)).toBe(text);
      expect(() => decrypt(encrypted, KEY.toUpperCase())).toThrow();
    }),
  );
});

describe("current settings", () => {
  test("change at the commit, and nothing changes if it fails", async () => {
    const settings = await CurrentSettings.open(await openStore(), "");
    await settings.update(new Date(), named("One"));
    expect(settings.current.meta.appName).toBe("One");
    const failed = settings.update(new Date(), () => {
      throw new Error("refused");
    });
    expect(await failed.catch(String)).toContain("refused");
    expect(settings.current.meta.appName).toBe("One");
  });

  test("are encrypted with a key, and can't be read without it", async () => {
    const store = await openStore();
    const settings = await CurrentSettings.open(store, KEY);
    await settings.update(new Date(), named("Hidden"));
    expect(JSON.stringify(await store.all(sql`SELECT * FROM _params`))).not.toContain("Hidden");
    expect((await CurrentSettings.open(store, KEY)).current.meta.appName).toBe("Hidden");
    expect(await CurrentSettings.open(store, "").catch(String)).toContain("--encryption-env");
    expect(await CurrentSettings.open(store, KEY.toUpperCase()).catch(String)).toContain("another key");
  });
});

if (hasPocketBase)
  test("PocketBase opens encrypted settings, and Headwater those of PocketBase", async () => {
    const dir = testDir();
    const folder = await openFolder(dir);
    await (await CurrentSettings.open(folder.store, KEY)).update(new Date(), named("Shared"));
    await folder.close();
    const run = Bun.spawn(
      ["pocketbase", "superuser", "upsert", "a@b.co", "1234567890", "--dir", dir, "--encryptionEnv", "TEST_KEY"],
      { env: { ...process.env, TEST_KEY: KEY }, stdout: "pipe", stderr: "pipe" },
    );
    expect({ code: await run.exited, output: await run.stderr.text() }).toMatchObject({ code: 0 });
    const store = await openStore(dir);
    expect((await CurrentSettings.open(store, KEY)).current.meta.appName).toBe("Shared");
  });
