const METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";
/** Characters. An origin is a scheme, `://`, and a host of at most 253 characters. */
const MAX_ORIGIN = 261;

export interface Cors {
  /** The value of `Access-Control-Allow-Origin` for that origin; `undefined` if it is not allowed. */
  allowed(origin: string | null): string | undefined;
  /** The response to an OPTIONS request. */
  preflight(request: Request): Response;
}

/** Grants the same cross-origin access as PocketBase: no credentials, no exposed headers, any request header. */
export function createCors(origins: readonly string[]): Cors {
  const patterns = origins.filter((origin) => origin !== "*").map(originPattern);
  const everyone = patterns.length < origins.length;

  const allowed = (origin: string | null): string | undefined => {
    if (!origin) return undefined;
    if (everyone) return "*";
    return origin.length <= MAX_ORIGIN && patterns.some((pattern) => pattern.test(origin)) ? origin : undefined;
  };

  const preflight = (request: Request): Response => {
    const headers = new Headers({ Vary: "Origin" });
    const origin = allowed(request.headers.get("origin"));
    if (origin !== undefined) {
      headers.append("Vary", "Access-Control-Request-Method");
      headers.append("Vary", "Access-Control-Request-Headers");
      headers.set("Access-Control-Allow-Origin", origin);
      headers.set("Access-Control-Allow-Methods", METHODS);
      const requestedHeaders = request.headers.get("access-control-request-headers");
      if (requestedHeaders) headers.set("Access-Control-Allow-Headers", requestedHeaders);
    }
    return new Response(null, { status: 204, headers });
  };
  return { allowed, preflight };
}

/** `*` matches any text, `?` one character. */
function originPattern(origin: string): RegExp {
  const source = RegExp.escape(origin)
    .replaceAll(String.raw`\*`, ".*")
    .replaceAll(String.raw`\?`, ".");
  return new RegExp(`^${source}$`);
}
