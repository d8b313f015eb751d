import type { DefaultTreeAdapterTypes } from "parse5";
import { parseHtmlStart } from "./html-start.ts";

type Node = DefaultTreeAdapterTypes.Node;

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

/** Elements whose content is dropped. */
const DROPPED = words(
  "head style script iframe embed applet object svg img picture dialog template button form textarea input select option",
);
/** Elements that don't separate words. */
const INLINE = words("a abbr acronym b bdo big br button cite code em i label q small span strong strike sub sup time");

/**
 * The start of an HTML text without tags. White space is collapsed, and blocks are separated by a space. HTML that nests
 * too deeply stays as it is, as in PocketBase.
 *
 * @param max the maximum number of characters (code points)
 * @param withEllipsis appends `...` if the text was cut
 */
export function excerpt(html: string, max: number, withEllipsis: boolean): string {
  // A character has at most two units. Some more tell whether anything is left out.
  const document = parseHtmlStart(html, DROPPED, 2 * max + 64);
  if (!document) return html;
  const text = plainText(document, max).trim();
  const characters = Array.from(text);
  if (characters.length <= max) return text;
  return characters.slice(0, max).join("").trim() + (withEllipsis ? "..." : "");
}

function plainText(root: Node, max: number): string {
  const pieces: string[] = [];
  let bytes = 0;
  let endsInSpace = false;
  const add = (piece: string): void => {
    if (piece === "") return;
    pieces.push(piece);
    bytes += Buffer.byteLength(piece);
    endsInSpace = piece.endsWith(" ");
  };
  const steps: Step[] = [root];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step === SPACE) {
      if (!endsInSpace) add(" ");
      continue;
    }
    if ("value" in step) {
      const piece = step.value.replaceAll(/[\t\n\f\r ]+/g, " ");
      add(endsInSpace ? piece.trimStart() : piece);
    }
    // PocketBase counts bytes here; two more allow for spaces that are trimmed later.
    if (bytes <= max + 2 && "childNodes" in step) pushSteps(steps, step.childNodes);
  }
  return pieces.join("");
}

const SPACE = Symbol("space");
type Step = Node | typeof SPACE;

/** Pushes the visible children, last one first, and the spaces around blocks. */
function pushSteps(steps: Step[], children: readonly Node[]): void {
  for (const child of children.toReversed()) {
    if (DROPPED.has(child.nodeName)) continue;
    const isBlock = "tagName" in child && !INLINE.has(child.nodeName);
    if (isBlock) steps.push(SPACE, child, SPACE);
    else steps.push(child);
  }
}
