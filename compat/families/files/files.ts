import { family, flow, guest, manager, other, type Step, superuser, user } from "../../lib/scenario.ts";

const PICTURE = "/api/files/pictures/picture00000001";
const DIGITS = `${PICTURE}/{{picture00000001.files.0}}`;
const IMAGE = `${PICTURE}/{{picture00000001.image}}`;
const PAPER = "/api/files/papers/paper0000000001/{{paper0000000001.paper}}";

const RANGES = [
  "bytes=0-3",
  "bytes=2-",
  "bytes=-3",
  "bytes=0-0",
  "bytes=9-9",
  "bytes=10-",
  "bytes=5-2",
  "bytes=0-100",
  "bytes=-0",
  "bytes=-100",
  "bytes=0-1,3-4",
  "bytes=0-1, 3-4 , -1",
  "bytes=0-20,5-9",
  "bytes=",
  "bytes",
  "items=0-1",
  "bytes=a-b",
  "bytes= 0-1",
  "bytes=0 -1",
  "BYTES=0-1",
  "bytes=0-1,",
  "bytes=--1",
  "bytes=1-18446744073709551616",
  "",
];
const THUMBS = [
  "40x30",
  "40x30t",
  "40x30b",
  "40x30f",
  "0x20",
  "20x0",
  "100x100",
  "10x10",
  "0x0",
  "40x30x",
  "x",
  "",
  "40X30",
  "-1x1",
  "100x100t",
  " 40x30",
];
const OTHER_PATHS = [
  "/api/files/pictures/picture00000001/unknown.txt",
  "/api/files/pictures/unknown00000000/{{picture00000001.image}}",
  "/api/files/unknown/picture00000001/{{picture00000001.image}}",
  "/api/files/pbc_pictures/picture00000001/{{picture00000001.files.0}}",
  "/api/files/PICTURES/picture00000001/{{picture00000001.files.0}}",
  "/api/files/posts/post00000000001/x.txt",
  "/api/files/stats/author000000001/x.txt",
  "/api/files/pictures/picture00000001/..%2f..%2fdata.db",
  "/api/files/pictures/picture00000001/%2e%2e",
  "/api/files/pictures/picture00000001/{{picture00000001.files.0}}.attrs",
  "/api/files/pictures/picture00000001/thumbs_{{picture00000001.image}}",
  "/api/files/pictures/picture00000001/thumbs_{{picture00000001.image}}%2f40x30_{{picture00000001.image}}",
  "/api/files/pictures/picture00000001/",
  "/api/files/pictures//x",
  "/api/files/users/user00000000003/{{user00000000003.avatar}}",
  "/api/files/papers/paper0000000001/{{paper0000000001.cover}}",
  "/api/files/pictures/picture00000002/{{picture00000001.image}}",
];
const NAMES = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  .map((index) => `${PICTURE}/{{picture00000001.files.${index}}}`)
  .concat(
    IMAGE,
    "/api/files/pictures/picture00000002/{{picture00000002.image}}",
    "/api/files/pictures/picture00000002/{{picture00000002.files.0}}",
    "/api/files/pictures/picture00000003/{{picture00000003.image}}",
  );

const withHeaders = (path: string, headers: Readonly<Record<string, string>>): Step =>
  guest(`GET ${path}`, undefined, headers);

export const FILES = family(
  "files",
  [
    ...NAMES.flatMap((path) => [guest(`GET ${path}`), guest(`GET ${path}?download=1`), guest(`HEAD ${path}`)]),
    ...["0", "true", "TRUE", "t", "false", "yes", "", "2", "1&download=0"].map((value) =>
      guest(`GET ${DIGITS}?download=${value}`),
    ),
    ...RANGES.map((range) => withHeaders(DIGITS, { Range: range })),
    ...["bytes=0-3", "bytes=100-", "bytes=0-1,3-4"].map((range) =>
      guest(`HEAD ${DIGITS}`, undefined, { Range: range }),
    ),
    withHeaders(DIGITS, { Range: "bytes=0-1", "If-Range": "Wed, 21 Oct 2035 07:28:00 GMT" }),
    withHeaders(DIGITS, { Range: "bytes=0-1", "If-Range": "Wed, 21 Oct 2015 07:28:00 GMT" }),
    withHeaders(DIGITS, { Range: "bytes=0-1", "If-Range": '"etag"' }),
    ...["Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", "nonsense", ""].flatMap((date) => [
      withHeaders(DIGITS, { "If-Modified-Since": date }),
      withHeaders(DIGITS, { "If-Unmodified-Since": date }),
    ]),
    ...['"etag"', "*", 'W/"x"'].flatMap((tag) => [
      withHeaders(DIGITS, { "If-None-Match": tag }),
      withHeaders(DIGITS, { "If-Match": tag }),
    ]),
    ...THUMBS.map((thumb) => guest(`HEAD ${PICTURE}/{{picture00000001.files.0}}?thumb=${encodeURIComponent(thumb)}`)),
    ...OTHER_PATHS.map((path) => guest(`GET ${path}`)),
    ...["POST", "PUT", "DELETE", "PATCH"].map((method) => guest(`${method} ${DIGITS}`)),
    withHeaders(DIGITS, { "Accept-Encoding": "gzip" }),
    withHeaders(DIGITS, { Origin: "https://app.example.com" }),
  ],
  { onlyReads: true },
);

const tokenFlow = (name: string, as: typeof guest, path: string): ReturnType<typeof flow> =>
  flow(
    name,
    as("POST /api/files/token"),
    guest(`GET ${path}?token={{0.token}}`),
    guest(`HEAD ${path}?token={{0.token}}`),
  );

export const PROTECTED_FILES = family(
  "files: protected",
  [
    ...[guest, user, other, manager, superuser].flatMap((as) => [
      as("POST /api/files/token"),
      as(`GET ${PAPER}`),
      as("GET /api/files/papers/paper0000000002/{{paper0000000002.paper}}"),
    ]),
    ...["", "nonsense", "{{user.token}}", "{{superuser.token}}"].map((token) => guest(`GET ${PAPER}?token=${token}`)),
    tokenFlow("by the owner", user, PAPER),
    tokenFlow("by another", other, PAPER),
    tokenFlow("by a manager", manager, PAPER),
    tokenFlow("by a superuser", superuser, PAPER),
    tokenFlow("of nobody by a superuser", superuser, "/api/files/papers/paper0000000002/{{paper0000000002.paper}}"),
    flow(
      "a file token is no auth token",
      user("POST /api/files/token"),
      guest("GET /api/collections/owned/records?fields=id", undefined, { Authorization: "{{0.token}}" }),
    ),
    flow(
      "a download by the owner",
      user("POST /api/files/token"),
      guest(`GET ${PAPER}?token={{0.token}}&download=1`),
      guest(`GET ${PAPER}?token={{0.token}}`, undefined, { Range: "bytes=0-2" }),
    ),
    user("POST /api/files/token?fields=token"),
    user("POST /api/files/token", { any: "body" }),
    user("POST /api/files/token", undefined, { Authorization: "Bearer {{user.token}}" }),
    guest("GET /api/files/token"),
  ],
  { onlyReads: true },
);
