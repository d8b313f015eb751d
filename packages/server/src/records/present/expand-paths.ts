/**
 * The paths of an `expand` parameter, such as `author, posts_via_author.comments`. Spaces are removed. A path that another
 * path starts with is left out, since the longer one expands it too.
 */
export function parseExpand(text: string): readonly (readonly string[])[] {
  const paths = text.split(",").map((path) => path.replaceAll(" ", "").replaceAll(/^\.+|\.+$/g, ""));
  const longest = paths.filter((path) => path !== "" && !paths.some((other) => other.startsWith(`${path}.`)));
  return [...new Set(longest)].map((path) => path.split("."));
}
