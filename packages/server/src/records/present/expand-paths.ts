/**
 * The paths of an `expand` parameter: `author, posts_via_author.comments`. Spaces go, and a path that another one
 * begins with is left out, since that one expands it on its way.
 */
export function parseExpand(text: string): readonly (readonly string[])[] {
  const paths = text.split(",").map((path) => path.replaceAll(" ", "").replaceAll(/^\.+|\.+$/g, ""));
  const longest = paths.filter((path) => path !== "" && !paths.some((other) => other.startsWith(`${path}.`)));
  return [...new Set(longest)].map((path) => path.split("."));
}
