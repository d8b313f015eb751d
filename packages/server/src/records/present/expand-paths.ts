import { trimCharacters } from "../../lib/text/trim.ts";

/** Parts of paths by what comes before them. */
interface Branches extends Map<string, Branches> {}

/**
 * The paths of an `expand` parameter, such as `author, posts_via_author.comments`. Spaces are removed. A path that another
 * path starts with is left out, since the longer one expands it too.
 */
export function parseExpand(text: string): readonly (readonly string[])[] {
  const texts = new Set(text.split(",").map((path) => trimCharacters(path.replaceAll(" ", ""), ".")));
  const root: Branches = new Map();
  const paths = [...texts].filter((path) => path !== "").map((path) => path.split("."));
  const ends = paths.map((path) => path.reduce(branch, root));
  return paths.filter((_, index) => ends[index]!.size === 0);
}

function branch(branches: Branches, part: string): Branches {
  let next = branches.get(part);
  if (!next) branches.set(part, (next = new Map()));
  return next;
}
