import type { Cursor, Cursors } from "../log/cursors.ts";

/**
 * What a client that connects says that it has. A browser that got no event sends the id of its connection. Text that
 * nobody issued is a cursor without a place: the client is missing something, and must not go live without a word.
 */
export function resumeCursor(
  text: string | null | undefined,
  { cursors }: { readonly cursors: Cursors },
): Cursor | undefined {
  return text ? (cursors.read(text) ?? cursors.readClientId(text)) : undefined;
}
