/**
 * What the conditions of a request make of its answer (RFC 9110, section 13.2.2). Files have no entity tags, so `*` is the
 * only tag that they match.
 *
 * @param modified when the content last changed, in milliseconds, cut to whole seconds as HTTP's dates are
 */
export function checkPreconditions({ headers, method }: Request, modified: number): "proceed" | 304 | 412 {
  const match = headers.get("if-match");
  if (match !== null) {
    if (match.trim() !== "*") return 412;
  } else if (modified > dateOf(headers, "if-unmodified-since")) {
    return 412;
  }
  const isRead = method === "GET" || method === "HEAD";
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) return noneMatch.trim() === "*" ? (isRead ? 304 : 412) : "proceed";
  return isRead && modified <= dateOf(headers, "if-modified-since") ? 304 : "proceed";
}

/** Whether `If-Range` lets a range be served: it names this state of the content, by its date. */
export const isRangeCurrent = ({ headers }: Request, modified: number): boolean =>
  !headers.has("if-range") || dateOf(headers, "if-range") === modified;

/** NaN for a missing or malformed one: then every comparison is false. */
const dateOf = (headers: Headers, name: string): number => Date.parse(headers.get(name) ?? "");
