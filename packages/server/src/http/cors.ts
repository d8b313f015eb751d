const METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";
/** Longer ones are no origin: a scheme, `://`, and a host of at most 253 characters. */
const MAX_ORIGIN = 261;

export interface Cors {
  /** What a browser at that origin is told: the origin, `*`, or nothing. */
  allowed(origin: string | null): string | undefined;
  /** The answer to every OPTIONS request. */
  preflight(request: Request): Response;
}

/** Cross-origin access as PocketBase grants it: no credentials, no exposed headers, any header that is asked for. */
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
      const asked = request.headers.get("access-control-request-headers");
      if (asked) headers.set("Access-Control-Allow-Headers", asked);
    }
    return new Response(null, { status: 204, headers });
  };
  return { allowed, preflight };
}

/** `*` stands for any text, `?` for one character. */
function originPattern(origin: string): RegExp {
  const source = RegExp.escape(origin)
    .replaceAll(String.raw`\*`, ".*")
    .replaceAll(String.raw`\?`, ".");
  return new RegExp(`^${source}$`);
}
