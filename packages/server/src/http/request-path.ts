const BAD_ESCAPE = /%(?![\da-f]{2})/i;
const ESCAPED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)/gi;

/**
 * What Go's server answers before any of PocketBase's code runs: a bad escape is a bad request, and a path with empty
 * segments is redirected to the path without them. Undefined for all other paths.
 */
export function answerToPath(method: string, { pathname, search }: URL): Response | undefined {
  if (BAD_ESCAPE.test(pathname)) {
    return new Response("400 Bad Request", { status: 400, headers: { "Content-Type": "text/plain; charset=utf-8" } });
  }
  if (!pathname.includes("//")) return undefined;
  const target = pathname.replaceAll(/\/{2,}/g, "/") + search;
  const headers = { Location: target, ...(isRead(method) && { "Content-Type": "text/html; charset=utf-8" }) };
  const link = `<a href="${Bun.escapeHTML(target)}">Temporary Redirect</a>.\n\n`;
  return new Response(method === "GET" ? link : null, { status: 307, headers });
}

const isRead = (method: string): boolean => method === "GET" || method === "HEAD";

/** The path with letters, digits and `-._~` unescaped, which mean the same (RFC 3986, section 2.3). */
export const routedPath = ({ pathname }: URL): string =>
  pathname.includes("%") ? pathname.replaceAll(ESCAPED_UNRESERVED, (escape) => decodeURIComponent(escape)) : pathname;
