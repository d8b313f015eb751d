import { isObject } from "../../lib/json/json-object.ts";

/** @returns the root element of that name; `undefined` for another document, or for what is not XML */
export function parseXml(text: string, root: string): Bun.XML.Element | undefined {
  try {
    const found = Bun.XML.parse(text)[root];
    return isElement(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a child; "" without one. */
export function textOf(parent: Bun.XML.Element | undefined, name: string): string {
  const found = parent?.[name];
  return typeof found === "string" ? found : "";
}

/** The children of a name: XML doesn't say whether one of them is a list of one. */
export function elementsOf(parent: Bun.XML.Element | undefined, name: string): Bun.XML.Element[] {
  const found = parent?.[name] ?? [];
  return (Array.isArray(found) ? found : [found]).filter(isElement);
}

const isElement = (value: unknown): value is Bun.XML.Element => isObject(value);
