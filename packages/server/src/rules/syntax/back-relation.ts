const WORD = /^\w+$/;
const VIA = "_via_";

/** The collection and the field that `comments_via_post` names; `undefined` for any other name. */
export function parseBackRelation(name: string): readonly [collection: string, field: string] | undefined {
  const at = name.lastIndexOf(VIA, name.length - VIA.length - 1);
  return at > 0 && WORD.test(name) ? [name.slice(0, at), name.slice(at + VIA.length)] : undefined;
}
