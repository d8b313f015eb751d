import { family, guest, raw, superuser } from "../../lib/scenario.ts";

const ORIGIN = { Origin: "https://app.example.com" };

/** Paths of every kind: known, unknown, odd. */
const PATHS = [
  "/",
  "/api",
  "/api/",
  "/api/health",
  "/api/health/",
  "/api/unknown",
  "/api/collections",
  "/api/collections/",
  "/api/collections/posts",
  "/api/collections/posts/",
  "/api/collections/posts/unknown",
  "/api/collections/posts/records",
  "/api/collections/posts/records/",
  "/api/collections/posts/records/post00000000001",
  "/api/collections/posts/records/post00000000001/",
  "/api/collections/posts/records/post00000000001/more",
  "/api/collections/users/auth-methods",
  "/api/collections/users/auth-refresh",
  "/api/files/token",
  "/api/files/pictures/picture00000001",
  "/index.html",
  "/unknown/path",
];

const METHODS = ["HEAD", "OPTIONS", "PUT", "DELETE"];

const ODD_PATHS = [
  "/API/health",
  "/Api/Collections/posts/records",
  "/api/Health",
  "/api/health?",
  "/api/health?a=b&a=c",
  "/api/health?fields=code",
  "/api/health?fields=code,message",
  "/api/health?fields=*",
  "/api/health?fields=",
  "/api/health?fields=unknown",
  "/api/health?fields=data.canBackup",
  "/api/health#fragment",
  "/api/health/../health",
  "//api/health",
  "/api//health",
  "/api/./health",
  "/api/%68ealth",
  "/api/health%2F",
  "/api/health%00",
  "/api/health%",
  "/api/health%zz",
  "/api/collections/posts%2Frecords",
  "/api/collections/p%6Fsts/records?fields=id",
  "/api/collections/posts/records/post0000000000%31?fields=id",
  "/api/collections/%F0%9F%99%82/records",
  "/api/collections/%FF/records",
  "/api/collections/POSTS/records?fields=id",
  "/api/collections/pbc_posts/records?fields=id",
  "/api/collections/PBC_POSTS/records?fields=id",
  "/api/collections/%20posts/records",
  "/api/collections/posts /records",
  "/api/collections//records",
  "/api/collections/posts/records//",
  "/api/realtime/",
  "/api/files/",
  "/api/batch",
  "/api/settings",
  "/api/sql",
  "/favicon.ico",
  "/robots.txt",
  "/a/b/c?d=e",
];

const METHOD_NAMES = ["POST", "PATCH", "TRACE", "PROPFIND", "QUERY"];

export const METHODS_AND_PATHS = family("http methods and paths", [
  ...PATHS.flatMap((path) => [guest(`GET ${path}`), ...METHODS.map((method) => guest(`${method} ${path}`))]),
  ...METHOD_NAMES.flatMap((method) => [
    guest(`${method} /api/health`),
    guest(`${method} /unknown`),
    superuser(`${method} /api/collections/posts`),
  ]),
  ...ODD_PATHS.map((path) => guest(`GET ${path}`)),
  superuser("GET /api/health?fields=code"),
  guest("get /api/health"),
  guest("Post /api/collections/tags/records"),
  guest("POST /api/health", raw("{", "application/json")),
]);

export const CORS = family(
  "cors",
  [
    ...["GET", "OPTIONS", "HEAD", "POST"].map((method) => guest(`${method} /api/health`, undefined, ORIGIN)),
    guest("OPTIONS /api/health", undefined, { Origin: "null" }),
    guest("OPTIONS /", undefined, ORIGIN),
    guest("OPTIONS /unknown", undefined, ORIGIN),
    guest("GET /unknown", undefined, ORIGIN),
    guest("GET /api/unknown", undefined, ORIGIN),
    guest("GET /api/collections/posts/records?fields=id", undefined, ORIGIN),
    guest("GET /api/collections", undefined, ORIGIN),
    guest("GET /api/files/pictures/picture00000001/{{picture00000001.files.0}}", undefined, ORIGIN),
    ...["GET", "POST", "PATCH", "DELETE", "PUT", "TRACE"].map((method) =>
      guest("OPTIONS /api/collections/posts/records", undefined, {
        ...ORIGIN,
        "Access-Control-Request-Method": method,
      }),
    ),
    guest("OPTIONS /api/collections/posts/records", undefined, {
      ...ORIGIN,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type,authorization,x-custom",
    }),
    guest("OPTIONS /api/collections/posts/records", undefined, {
      ...ORIGIN,
      "Access-Control-Request-Private-Network": "true",
      "Access-Control-Request-Method": "POST",
    }),
    guest("OPTIONS /api/collections/posts/records", undefined, { "Access-Control-Request-Method": "POST" }),
    superuser("OPTIONS /api/collections", undefined, ORIGIN),
    guest("OPTIONS /api/health", { any: "body" }, ORIGIN),
  ],
  { onlyReads: true },
);
