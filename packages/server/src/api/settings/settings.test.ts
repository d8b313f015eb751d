import { describe, expect, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { openFolder } from "../../app/folder.ts";
import { CurrentSettings } from "../../settings/current-settings.ts";
import { errorText, play, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, dir, admin, app, add, define, tokenOf } = await startTestApp();
const user = await tokenOf("users", await add("users", { email: "user@example.com" }));
const SETTINGS = "/api/settings";
const INVALID = "An error occurred while saving the new settings.";
const UNREADABLE = errorText(400, "An error occurred while loading the submitted data.");

const patch = (body: unknown, headers?: Readonly<Record<string, string>>) =>
  play(url, { method: "PATCH", path: SETTINGS, token: admin, body, ...(headers && { headers }) });

const sent = (name: string, body: unknown, status: number, contains: readonly string[]) => ({
  name,
  method: "PATCH",
  path: SETTINGS,
  token: admin,
  body,
  status,
  contains,
});

/** Recorded from PocketBase 0.40.6. */
const BLANK = '{"code":"validation_required","message":"Cannot be blank."}';
const below = (threshold: number): string =>
  `{"code":"validation_min_greater_equal_than_required","message":"Must be no less than ${threshold}.","params":{"threshold":${threshold}}}`;

describe("only superusers see and change the settings", () => {
  testScenarios(url, [
    { name: "not guests", path: SETTINGS, status: 401 },
    { name: "not users", path: SETTINGS, token: user, status: 403 },
    { name: "users don't change them", method: "PATCH", path: SETTINGS, token: user, body: {}, status: 403 },
    {
      name: "superusers see all but secrets",
      path: SETTINGS,
      token: admin,
      status: 200,
      contains: [
        '{"superuserIPs":[],"smtp":{"enabled":false,"port":587,"host":"smtp.example.com","username":"","authMethod":"",',
        '"s3":{"enabled":false,"bucket":"","region":"","endpoint":"","accessKey":"","forcePathStyle":false}',
        '"batch":{"enabled":false,"maxRequests":50,"timeout":3,"maxBodySize":0},"logs":{"maxDataSize":0,"maxDays":5,',
      ],
      excludes: ["password", "secret"],
    },
    {
      name: "fields selects groups",
      path: `${SETTINGS}?fields=batch.enabled,trustedProxy`,
      token: admin,
      status: 200,
      contains: ['{"trustedProxy":{"headers":[],"useLeftmostIP":false},"batch":{"enabled":false}}'],
    },
  ]);
});

describe("a change", () => {
  testScenarios(url, [
    sent("keeps what it doesn't name, and names match in any case", { META: { APPNAME: "Zed" } }, 200, [
      '"appName":"Zed","appURL":"http://localhost:8090"',
    ]),
    sent("with unknown names is accepted", { unknown: 1, smtp: { unknown: 2 } }, 200, ['"port":587']),
    sent("with null sets the zero value", { batch: null, trustedProxy: { headers: null } }, 200, [
      '"batch":{"enabled":false,"maxRequests":0,"timeout":0,"maxBodySize":0}',
    ]),
    sent("of the wrong type is refused", { batch: { enabled: "yes" } }, 400, [UNREADABLE]),
    sent("must have whole numbers", { batch: { maxRequests: 1.5 } }, 400, [UNREADABLE]),
    sent("must be an object", "[]", 400, [UNREADABLE]),
    sent("must be JSON", "{", 400, [UNREADABLE]),
    { ...sent("must be of a known type", "x", 400, [UNREADABLE]), headers: { "Content-Type": "text/plain" } },
    sent("must not name a member twice", { batch: { enabled: true, ENABLED: false } }, 400, [UNREADABLE]),
    sent(
      "is checked as a whole",
      { meta: { appName: "", appURL: "nope", accentColor: "red", senderAddress: "x" } },
      400,
      [
        INVALID,
        `"appName":${BLANK}`,
        '"appURL":{"code":"validation_is_url","message":"Must be a valid URL."}',
        '"accentColor":{"code":"validation_length_invalid","message":"The length must be exactly 7.","params":{"max":7,"min":7}}',
        '"senderAddress":{"code":"validation_is_email","message":"Must be a valid email address."}',
      ],
    ),
    sent(
      "that enables batches needs their limits",
      { batch: { enabled: true, maxRequests: 0, maxBodySize: -1 } },
      400,
      [`{"data":{"batch":{"maxBodySize":${below(0)},"maxRequests":${BLANK},"timeout":${BLANK}}}`],
    ),
    sent("of the backups needs a cron expression", { backups: { cron: "99 * * * *", cronMaxKeep: -1 } }, 400, [
      '"cron":{"code":"validation_invalid_cron","message":"Invalid segment value - must be between the min and max of the segment."}',
      `"cronMaxKeep":${below(1)}`,
    ]),
    sent("needs addresses", { superuserIPs: ["1.2.3.4", "x", "1.2.3.4/99", ""] }, 400, [
      '"1":{"code":"validation_invlaid_ip_or_subnet","message":"Invalid IP or CIDR subnet."},"2":{"code":"validation_invlaid_ip_or_subnet"',
      `"3":${BLANK}`,
    ]),
    sent(
      "of rate limits names conflicting rules",
      {
        rateLimits: {
          rules: [
            { label: "/x", audience: "@auth", duration: 1, maxRequests: 1 },
            { label: "/x", duration: 1, maxRequests: 1 },
          ],
        },
      },
      400,
      ['{"rules":{"1":{"label":{"code":"validation_conflicting_rate_limit_rule",'],
    ),
    sent(
      "of mail needs a host",
      { smtp: { enabled: true, host: "", port: 0, authMethod: "X", localName: "a b" } },
      400,
      [
        `"authMethod":{"code":"validation_in_invalid","message":"Must be a valid value."},"host":${BLANK}`,
        '"localName":{"code":"validation_is_host","message":"Must be a valid IP address or DNS name."}',
      ],
    ),
    sent("of S3 needs everything", { s3: { enabled: true }, backups: { s3: { endpoint: "a b" } } }, 400, [
      `"s3":{"accessKey":${BLANK},"bucket":${BLANK},"endpoint":${BLANK},"region":${BLANK},"secret":${BLANK}}`,
      '"endpoint":{"code":"validation_is_url"',
    ]),
  ]);

  test("may come as a form", async () => {
    const form = new FormData();
    form.append("meta.appName", "Form");
    form.append("batch.maxRequests", "7");
    form.append("logs.logIP", "0");
    form.append("@jsonPayload", '{"meta":{"senderName":"Payload"}}');
    expect(await (await patch(form)).json()).toMatchObject({
      meta: { appName: "Form", senderName: "Payload" },
      batch: { maxRequests: 7 },
      logs: { logIP: false },
    });
    const broken = new FormData();
    broken.append("batch.maxRequests", "many");
    expect((await patch(broken)).status).toBe(400);
  });

  test("keeps secrets that it doesn't name, and shows none", async () => {
    const s3 = { bucket: "b", secret: "first", region: "r", endpoint: "http://s3.example.com", accessKey: "k" };
    await patch({ s3, smtp: { password: "second" } });
    const text = await (await patch({ s3: { bucket: "c" } })).text();
    expect(text).not.toMatch(/first|second|secret|password/);
    expect(app.settings.current).toMatchObject({ s3: { bucket: "c", secret: "first" }, smtp: { password: "second" } });
  });

  test("is in the log without its values", async () => {
    await patch({ meta: { appName: "Logged" } });
    const row = await app.folder.store.first({ text: "SELECT * FROM _changes ORDER BY seq DESC LIMIT 1", values: [] });
    expect(row).toMatchObject({ collection: "_settings", record: "settings", action: "update" });
    expect(JSON.stringify(row)).not.toContain("Logged");
  });
});

test("a change by another process applies too", async () => {
  const other = await openFolder(dir);
  const settings = await CurrentSettings.open(other.store, "");
  await settings.update(new Date(), (before) => ({ ...before, meta: { ...before.meta, appName: "Elsewhere" } }));
  await other.close();
  while (app.settings.current.meta.appName !== "Elsewhere") await new Promise(setImmediate);
  expect(await (await play(url, { path: SETTINGS, token: admin })).text()).toContain('"appName":"Elsewhere"');
});

test("a superuser's stream loses its rights when its address is not listed any more", async () => {
  await define({ name: "guarded", fields: [] });
  await define({ name: "free", listRule: "", fields: [] });
  const list = (superuserIPs: string[]) => app.settings.update(new Date(), (before) => ({ ...before, superuserIPs }));
  using client = await SseClient.connect(url);
  await client.submit(["guarded/*", "free/*"], admin);
  try {
    await list(["10.0.0.1"]);
    for (const name of ["guarded", "free"]) await add(name, {});
    await client.inbox.until((events) => events.some(({ event }) => event === "free/*"));
    expect(client.events.map(({ event }) => event)).toEqual(["free/*"]);
  } finally {
    await list([]);
  }
});

test("superusers may be limited to some addresses, which a trusted proxy reports", async () => {
  const from = (address: string) => ({ "x-real": address });
  await patch({ trustedProxy: { headers: ["x-real"] } });
  await patch({ superuserIPs: ["10.0.0.1", "fd00::/8"] }, from("10.0.0.1"));
  try {
    const status = async (path: string, headers: Readonly<Record<string, string>>, token = admin) =>
      (await play(url, { path, token, headers })).status;
    expect(await status("/api/health", from("10.0.0.2"))).toBe(403);
    expect(await status("/api/health", from("10.0.0.1"))).toBe(200);
    expect(await status("/api/health", from("fd12::1"))).toBe(200);
    expect(await status("/api/health", from("10.0.0.2"), user)).toBe(200);
    const signIn = (address: string) =>
      play(url, {
        method: "POST",
        path: "/api/collections/_superusers/auth-with-password",
        body: { identity: "root@example.com", password: "1234567890" },
        headers: from(address),
      });
    expect((await signIn("10.0.0.2")).status).toBe(403);
    expect((await signIn("10.0.0.1")).status).toBe(200);
    const socket = new WebSocket(url.replace("http", "ws") + "/realtime/subscribe");
    const answer = await new Promise<unknown>((resolve) => {
      socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "auth", token: admin })));
      socket.addEventListener("message", ({ data }) => {
        if (/error|authenticated/.test(String(data))) resolve(JSON.parse(String(data)));
      });
    });
    socket.close();
    expect(answer).toMatchObject({ type: "error", code: "invalid_token" });
  } finally {
    await patch({ superuserIPs: [], trustedProxy: { headers: [] } }, from("10.0.0.1"));
  }
});
