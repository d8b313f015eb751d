import { type DefaultTreeAdapterTypes, parse } from "parse5";

type Node = DefaultTreeAdapterTypes.Node;

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

/** Elements whose content is dropped. */
const DROPPED = words(
  "head style script iframe embed applet object svg img picture dialog template button form textarea input select option",
);
/** Elements that don't separate words. */
const INLINE = words("a abbr acronym b bdo big br button cite code em i label q small span strong strike sub sup time");

/**
 * The start of an HTML text without tags. White space is collapsed, and blocks are separated by a space.
 *
 * @param max the maximum number of characters (code points)
 * @param withEllipsis appends `...` if the text was cut
 */
export function excerpt(html: string, max: number, withEllipsis: boolean): string {
  const text = plainText(parse(html), max).trim();
  const characters = Array.from(text);
  if (characters.length <= max) return text;
  return characters.slice(0, max).join("").trim() + (withEllipsis ? "..." : "");
}

function plainText(root: Node, max: number): string {
  let text = "";
  let bytes = 0;
  const add = (piece: string): void => {
    text += piece;
    bytes += Buffer.byteLength(piece);
  };
  const space = (): void => {
    if (!text.endsWith(" ")) add(" ");
  };
  const visit = (node: Node): void => {
    if ("value" in node) {
      const piece = node.value.replaceAll(/[\t\n\f\r ]+/g, " ");
      add(text.endsWith(" ") ? piece.trimStart() : piece);
    }
    // PocketBase counts bytes here; two more allow for spaces that are trimmed later.
    if (bytes > max + 2 || !("childNodes" in node)) return;
    for (const child of node.childNodes) {
      if (DROPPED.has(child.nodeName)) continue;
      const isBlock = "tagName" in child && !INLINE.has(child.nodeName);
      if (isBlock) space();
      visit(child);
      if (isBlock) space();
    }
  };
  visit(root);
  return text;
}
