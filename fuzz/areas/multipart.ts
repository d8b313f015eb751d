import fc from "fast-check";
import { area } from "../lib/area.ts";
import { FIELDS } from "../lib/schema.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { recordValues } from "../lib/value-grammar.ts";

const fileName = fc.oneof(
  anyText,
  fc.constantFrom("a.txt", "x.attrs", "a.svg", ".attrs", "a.tar.gz", "CON", "..", "a/b.png"),
);
const contents = fc.oneof(
  anyText,
  fc.constantFrom(
    "<svg>",
    "<!doctype svg><!---->",
    "<html>",
    "GIF89a",
    "%PDF-1.7",
    "PK\u0003\u0004",
    "1,2\n3,4\n",
    '{"a":1}\n{"a":2}',
  ),
);
const partType = fc.constantFrom("", "text/plain", "image/svg+xml", "application/json", "x");
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...FIELDS, "files+", "+files", "files-", "@jsonPayload") },
  anyText,
);

const part = fc.record({
  name,
  fileName: fc.option(fileName, { nil: undefined }),
  type: partType,
  contents: fc.oneof(
    contents,
    recordValues.map((values) => JSON.stringify(values)),
  ),
});

const quote = (text: string): string => text.replaceAll('"', "%22");

const body = fc.array(part, { maxLength: 6 }).map((parts) => {
  const texts = parts.map(({ name: field, fileName: file, type, contents: text }) => {
    const disposition = `form-data; name="${quote(field)}"${file === undefined ? "" : `; filename="${quote(file)}"`}`;
    return `--b\r\nContent-Disposition: ${disposition}\r\n${type && `Content-Type: ${type}\r\n`}\r\n${text}\r\n`;
  });
  return `${texts.join("")}--b--\r\n`;
});

const boundary = fc.constantFrom("b", "b", "b", "b", '"b"', "B", "", "b; charset=x", "b".repeat(300), "(", '"');

/** Forms with files and odd names. */
export const multipart = area(
  "multipart",
  fc.record({ boundary, body: mutated(body), isUpdate: fc.boolean() }),
  async (world, { boundary: text, body: form, isUpdate }) => {
    const path = `/api/collections/things/records${isUpdate ? `/${world.record}` : ""}`;
    const headers = { "content-type": `multipart/form-data; boundary=${text}` };
    await world.send({ method: isUpdate ? "PATCH" : "POST", path, headers, body: form });
  },
);
