/** A difference on purpose. docs/compatibility.md has a row for each key. */
export interface KnownDifference {
  readonly key: string;
  readonly reason: string;
  /** How the names of the scenarios end that show it, by family. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    key: "dot-segments",
    reason: "Bun resolves `.`, `..` and fragments in a request's path before Headwater sees it.",
    scenarios: { "http methods and paths": ["#fragment", "/../health", "/./health"], files: ["/%2e%2e"] },
  },
  {
    key: "malformed-requests",
    reason:
      "Bun closes the connection at a method in lower case and answers 505 to a blank in a path; Go answers 404 and 400.",
    scenarios: {
      "http methods and paths": [
        "/api/collections/posts /records",
        "guest get /api/health",
        "Post /api/collections/tags/records",
      ],
      "records list": ["'100%25 _done_'&fields=id"],
    },
  },
  {
    key: "get-bodies",
    reason: "Bun drops the body of a GET request, so a malformed one can't be refused.",
    scenarios: {
      "bodies and content types": ['guest GET /api/collections/posts/records?fields=id application/json "{broken"'],
    },
  },
  {
    key: "line-feed-forms",
    reason: "A multipart form must end its lines as RFC 2046 says; Go also takes lone line feeds.",
    scenarios: { "bodies and content types": [String.raw`\n\nline feeds\n--x--\n"`] },
  },
  {
    key: "page-overflow",
    reason: "A page or a page size of 2^63 - 1 overflows in PocketBase; Headwater refuses it.",
    scenarios: { "records list": ["age=9223372036854775807", "page=9223372036854775807&perPage=2"] },
  },
  {
    key: "duration-overflow",
    reason: "A token that is valid for 30,000 years overflows in PocketBase; Headwater issues it.",
    scenarios: { "auth: refresh, tokens, impersonation": ['{"duration":1000000000000}'] },
  },
  {
    key: "crashes",
    reason: "PocketBase answers 500 to a null where an object belongs; Headwater says what is wrong.",
    scenarios: { batch: ['{"requests":[null]}'], settings: ["PATCH /api/settings null"] },
  },
  {
    key: "early-refusals",
    reason: "PocketBase refuses a superuser's address without its security headers; Headwater sends them.",
    scenarios: { settings: ["a superuser from another address"] },
  },
  {
    key: "sql-attach",
    reason: "The SQL endpoint does not attach databases: they could be any file of the server.",
    scenarios: { sql: [`{"query":"ATTACH DATABASE ':memory:' AS m"}`] },
  },
  {
    key: "sql-affected-rows",
    reason: "After ALTER or DROP, PocketBase gives the number of rows of an earlier statement; Headwater gives 0.",
    scenarios: { sql: ['ADD COLUMN c REAL"}', '"DROP TABLE scratch"}'] },
  },
  {
    key: "thumb-bytes",
    reason: "Another library makes the thumbnails, so their bytes and lengths differ.",
    scenarios: { "files: thumbs": ['?thumb=40x30 {"Range":"bytes=0-9"}'] },
  },
  {
    key: "critical-headers",
    reason: "A token with a critical header that is unknown is refused, as RFC 7515 requires; PocketBase accepts it.",
    scenarios: {
      "auth: unusual tokens": ["header with crit: list", "header with crit: refresh", "header with crit: file token"],
    },
  },
  {
    key: "oauth2",
    reason: "OAuth2 is not served yet, so its providers are not listed.",
    scenarios: {
      "auth: methods": [
        "social/auth-methods",
        "social/auth-methods?fields=oauth2.providers.name",
        "social/auth-methods?fields=*",
      ],
    },
  },
];

/** The difference that a scenario shows; undefined if its answers must be the same. */
export const knownDifference = (family: string, scenario: string): KnownDifference | undefined =>
  KNOWN_DIFFERENCES.find(({ scenarios }) => scenarios[family]?.some((text) => scenario.endsWith(text)));
