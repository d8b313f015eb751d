import { family, flow, form, guest, raw, records, superuser, upload, user } from "../../lib/scenario.ts";

const LANGUAGE = { "Accept-Language": "en-US" };
const JSON_TYPE = "application/json";
const list = (query: string): string => `GET /api/collections/posts/records?${query}`;

/** Requests as PocketBase's JavaScript SDK writes them. */
export const SDK = family("sdk", [
  guest(list("page=1&perPage=30"), undefined, LANGUAGE),
  guest(list("page=1&perPage=1000&skipTotal=1&sort=-created%2Cid&fields=id"), undefined, LANGUAGE),
  guest(list("page=1&perPage=1&skipTotal=1&filter=title%20%3D%20%22second%22"), undefined, LANGUAGE),
  guest(list("page=1&perPage=1&skipTotal=1&filter=title%20%3D%20%22none%22"), undefined, LANGUAGE),
  guest(list("filter=title%20%3D%20'Third%2C%20%5C'quoted%5C'%20%22post%22'&fields=id")),
  guest(list("filter=date%20%3E%3D%20%222024-02-01%2000%3A00%3A00.000Z%22&sort=id&fields=id")),
  guest(list("expand=author%2Ctags&sort=id&perPage=2&fields=*%2Cexpand.author.name")),
  guest("GET /api/collections/posts/records/post00000000001?expand=author.account", undefined, LANGUAGE),
  guest(
    "POST /api/collections/posts/records",
    raw('{"title":"by the SDK","tags":["tag000000000001"]}', JSON_TYPE),
    LANGUAGE,
  ),
  guest(
    "POST /api/collections/kinds/records?fields=text,file,selects,json",
    form(
      ["@jsonPayload", '{"text":"with a file","selects":["a","b"],"json":{"a":[1]}}'],
      ["file", upload("sdk.txt", "content", "text/plain")],
    ),
    LANGUAGE,
  ),
  guest(
    "POST /api/collections/kinds/records?fields=text,files",
    form(
      ["@jsonPayload", '{"text":"with files"}'],
      ["files", upload("one.txt", "1", "text/plain")],
      ["files", upload("two.txt", "2", "text/plain")],
    ),
  ),
  guest(
    "PATCH /api/collections/kinds/records/kind00000000001?fields=files",
    form(["@jsonPayload", '{"text":"a file more"}'], ["files+", upload("more.txt", "3", "text/plain")]),
  ),
  guest("PATCH /api/collections/kinds/records/kind00000000001?fields=number", raw('{"number+":2}', JSON_TYPE)),
  guest("DELETE /api/collections/reviews/records/review000000001", undefined, LANGUAGE),
  guest("GET /api/collections/users/auth-methods?fields=mfa%2Cotp%2Cpassword%2Coauth2", undefined, LANGUAGE),
  flow(
    "sign in, refresh, read",
    guest(
      "POST /api/collections/users/auth-with-password",
      { identity: "ursula@example.com", password: "1234567890" },
      LANGUAGE,
    ),
    guest("POST /api/collections/users/auth-refresh", undefined, { Authorization: "{{0.token}}", ...LANGUAGE }),
    guest("GET /api/collections/owned/records?page=1&perPage=30&fields=id", undefined, {
      Authorization: "{{1.token}}",
    }),
  ),
  user("POST /api/files/token", undefined, LANGUAGE),
  superuser("GET /api/collections?page=1&perPage=1000&skipTotal=1&sort=name&fields=name", undefined, LANGUAGE),
  superuser("GET /api/collections/meta/scaffolds?fields=base.type", undefined, LANGUAGE),
  superuser("GET /api/settings?fields=meta.appName", undefined, LANGUAGE),
  superuser("PUT /api/collections/import", { collections: [], deleteMissing: false }, LANGUAGE),
  superuser("DELETE /api/collections/reviews/truncate", undefined, LANGUAGE),
  guest("GET /api/health", undefined, LANGUAGE),
  guest("POST /api/realtime", raw('{"clientId":"gone","subscriptions":["posts/*"]}', JSON_TYPE), LANGUAGE),
  flow(
    "a batch with a file",
    superuser("PATCH /api/settings?fields=batch.enabled", { batch: { enabled: true } }),
    guest(
      "POST /api/batch",
      form(
        [
          "@jsonPayload",
          '{"requests":[{"method":"POST","url":"/api/collections/kinds/records?fields=text,file","json":{},"headers":{},"body":{"text":"batched"}}]}',
        ],
        ["requests.0.file", upload("batched.txt", "b", "text/plain")],
      ),
    ),
  ),
  ...["*", "fields", "undefined", "null", "NaN", "[object Object]"].map((text) =>
    guest(`GET ${records("posts", { filter: text })}`),
  ),
  ...["undefined", "null", "", "%5Bobject%20Object%5D"].map((id) =>
    guest(`GET /api/collections/posts/records/${id}?fields=id`),
  ),
]);
