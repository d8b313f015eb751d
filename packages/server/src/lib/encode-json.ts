const UNSAFE = /[<>&\u2028\u2029]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/** JSON as Go's encoder writes it, which PocketBase's clients get: safe to stand inside HTML. */
export function encodeJson(value: unknown): string {
  const json = JSON.stringify(value);
  // One scan that mostly finds nothing; the replacing pass is for the rare text that needs it.
  return UNSAFE.test(json) ? json.replace(/[<>&\u2028\u2029]/g, (character) => ESCAPES[character]!) : json;
}
