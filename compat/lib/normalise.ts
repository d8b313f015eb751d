import { ACCOUNTS, type Fixture } from "../fixture/fixture.ts";
import { RECORDS } from "../fixture/records.ts";
import { sortedJson } from "./json.ts";
import type { Answer } from "./answer.ts";
import type { Step } from "./scenario.ts";

const HOUR = 3_600_000;

/** Headers that say when or how an answer was sent, not what it says. */
const TRANSPORT_HEADERS = ["date", "connection", "keep-alive", "transfer-encoding", "content-length", "server"];

/** Headers that only Headwater sends. */
const OWN_HEADERS = ["x-request-id", "headwater-cursor", "access-control-expose-headers"];

const LEFT_OUT = new Set([...TRANSPORT_HEADERS, ...OWN_HEADERS]);

/** What may differ between two servers that behave alike. Everything else is compared byte for byte. */
interface Rule {
  readonly name: string;
  readonly apply: (text: string, known: Known) => string;
}

interface Known {
  /** Ids and names that both servers have or get: they stay. */
  readonly texts: ReadonlySet<string>;
  readonly tokens: ReadonlyMap<string, string>;
  readonly madeAt: string;
  /** Random ids by order of appearance, so that equal ids stay equal. */
  readonly ids: Map<string, string>;
}

const RULES: readonly Rule[] = [
  { name: "how JSON is written: the order of keys, spaces, escapes, the line feed at the end", apply: sortedJson },
  { name: "dates of now", apply: (text, known) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z/g, now(known)) },
  {
    name: "tokens: only the claims are compared",
    apply: (text, known) => text.replace(/eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+/g, claims(known)),
  },
  {
    name: "the random start of short file names",
    apply: (text) => text.replace(/\b(\w{0,2})[a-z0-9]{10}(?=_[a-z0-9]{10}\.\w)/g, "$1<random>"),
  },
  {
    name: "random parts of file names",
    apply: (text, known) => text.replace(/([\w<>-]+)_[a-z0-9]{10}(?=\.\w)/g, fileName(known)),
  },
  {
    name: "the second random part of file names, which PocketBase adds in batches",
    apply: (text) => text.replace(/_[a-z0-9]{10}_<random>/g, "_<random>"),
  },
  { name: "random ids", apply: (text, known) => text.replace(/(?<=["/])[a-z0-9]{15}(?=["/])/g, id(known)) },
  { name: "ids of realtime clients", apply: (text) => text.replace(/"\w{40}"/g, '"<client id>"') },
  {
    name: "boundaries of multipart answers",
    apply: (text) => text.replace(/(boundary=|^--|\r\n--)[a-z0-9]{60}/g, "$1<boundary>"),
  },
  { name: "ids of fields of views", apply: (text) => text.replace(/_clone_\w{4}/g, "_clone_<random>") },
  {
    name: "names of dry-run views",
    apply: (text) => text.replace(/"pbc_\d+"(,"collectionName":"temp_view_)\w{5}"/g, '"pbc_<random>"$1<random>"'),
  },
  {
    name: "names of indexes of scaffolds",
    apply: (text) => text.replace(/(idx_(?:tokenKey|email)_)[a-z0-9]{10}(?=` ON ``)/g, "$1<random>"),
  },
  {
    name: "examples of generated texts",
    apply: (text) => text.replace(/(invalid field values, ex\.: )\\"[^"]*\\"/g, "$1<random>"),
  },
  {
    name: "the order of names of collections that refer to one",
    apply: (text) =>
      text.replace(/(existing reference in )([\w, ]+)/g, (_, start, names) => start + sortedNames(names)),
  },
  {
    name: "OAuth2 states and challenges",
    apply: (text) =>
      text
        .replace(/"(state|codeVerifier|codeChallenge)":"[\w-]+"/g, '"$1":"<random>"')
        .replace(/(state|code_challenge)=[\w-]+/g, "$1=<random>"),
  },
  { name: "durations", apply: (text) => text.replace(/"execTime":[\d.e-]+/g, '"execTime":"<duration>"') },
  {
    name: "modification dates of files",
    apply: (text) => text.replace(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "<HTTP date>"),
  },
];

export const NORMALISED: readonly string[] = RULES.map(({ name }) => name);

/** Removes from the answers of one scenario what is random or depends on the time. */
export class Normaliser {
  readonly #known: Known;

  constructor(fixture: Fixture, steps: readonly Step[]) {
    const sent = JSON.stringify(steps).match(/[a-z0-9]{15}/g) ?? [];
    const tokens = Object.entries(fixture.accounts).map(
      ([name, { token }]) => [token, `<the token of ${name}>`] as const,
    );
    this.#known = {
      texts: new Set([...FIXTURE_IDS, ...Object.values(fixture.files), ...sent]),
      tokens: new Map(tokens),
      madeAt: fixture.madeAt,
      ids: new Map(),
    };
  }

  normalise(answers: readonly Answer[]): Answer[] {
    return answers.map(({ status, headers, body }) => ({
      status,
      headers: this.#headers(headers),
      body: body.startsWith("base64:") ? body : this.#text(body),
    }));
  }

  #headers(headers: Answer["headers"]): Answer["headers"] {
    const kept = Object.entries(headers).filter(([name]) => !LEFT_OUT.has(name));
    return Object.fromEntries(kept.map(([name, value]): [string, string] => [name, this.#text(value)]).sort(byName));
  }

  #text(text: string): string {
    return RULES.reduce((result, { apply }) => apply(result, this.#known), text);
  }
}

const FIXTURE_IDS = [
  ...Object.values(ACCOUNTS).map(({ id: key }) => key),
  ...Object.values(RECORDS).flatMap((records) => records.map(({ id: key }) => String(key))),
];

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const sortedNames = (names: string): string => names.split(", ").sort().join(", ");

/** The dates of the fixture stay, however young it is. */
const now =
  ({ madeAt }: Known) =>
  (date: string): string =>
    date > madeAt && Math.abs(Date.parse(date) - Date.now()) < HOUR ? "<now>" : date;

/** The claims but for `iat`, which only Headwater's tokens have, and with the seconds until the token expires to the nearest ten. */
const claims =
  ({ tokens }: Known) =>
  (token: string, payload: string): string => {
    const known = tokens.get(token);
    if (known !== undefined) return known;
    const {
      exp,
      iat: _,
      ...rest
    } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const seconds = Math.round((Number(exp) - Date.now() / 1000) / 10) * 10;
    return `<token ${JSON.stringify({ ...Object.fromEntries(Object.entries(rest).sort(byName)), seconds }).replaceAll('"', "'")}>`;
  };

const fileName =
  ({ texts }: Known) =>
  (whole: string, base: string): string =>
    [...texts].some((name) => name.startsWith(`${whole}.`)) ? whole : `${base}_<random>`;

/** Ids of fields are a type and a checksum: the same on both servers. */
const FIELD_ID = /^[a-z]+\d{9,10}$/;

const id =
  ({ texts, ids }: Known) =>
  (found: string): string => {
    if (texts.has(found) || FIELD_ID.test(found)) return found;
    const known = ids.get(found) ?? `<id ${ids.size + 1}>`;
    ids.set(found, known);
    return known;
  };
