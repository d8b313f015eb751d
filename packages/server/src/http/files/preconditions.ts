/**
 * Evaluates the conditions of a request (RFC 9110, section 13.2.2) as Go does. Files have no entity tags, as in PocketBase,
 * so the only tag that matches is `*`.
 *
 * @param modified when the content last changed, in milliseconds since 1970, truncated to whole seconds like HTTP dates
 */
export function checkPreconditions({ headers, method }: Request, modified: number): "proceed" | 304 | 412 {
  const match = headers.get("if-match") ?? "";
  if (match !== "") {
    if (!hasAnyTag(match)) return 412;
  } else if (modified > dateOf(headers, "if-unmodified-since")) {
    return 412;
  }
  const isRead = method === "GET" || method === "HEAD";
  const noneMatch = headers.get("if-none-match") ?? "";
  if (noneMatch !== "") return hasAnyTag(noneMatch) ? (isRead ? 304 : 412) : "proceed";
  return isRead && modified <= dateOf(headers, "if-modified-since") ? 304 : "proceed";
}

/** Whether `If-Range` allows a range: its date must be that of the current content. */
export const isRangeCurrent = ({ headers }: Request, modified: number): boolean =>
  (headers.get("if-range") ?? "") === "" || dateOf(headers, "if-range") === modified;

/** Whether a list of tags has `*`. What follows something that is no tag does not count. */
function hasAnyTag(list: string): boolean {
  for (const [, tag] of list.matchAll(/[\s,]*((?:W\/)?"[!#-~\u0080-\u00ff]*"|\*|.)/gy)) {
    if (tag === "*") return true;
    if (!tag!.endsWith('"') || tag!.length < 2) return false;
  }
  return false;
}

/** NaN for a missing or malformed date, so that every comparison is false. */
const dateOf = (headers: Headers, name: string): number => Date.parse(headers.get(name) ?? "");
