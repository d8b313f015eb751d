import { AwsV4Signer } from "aws4fetch";
import { encodePath, escapeKey } from "./s3-keys.ts";
import { errorOf, S3Error } from "./s3-error.ts";

/** A bucket and how to reach it, as in PocketBase's settings. */
export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** With or without the scheme; https without one. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secret: string;
  /** Whether the bucket is in the path of URLs and not in the host. */
  readonly forcePathStyle: boolean;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** "" for the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob | Uint8Array<ArrayBuffer> | string;
  /** Milliseconds until the answer starts; the connection's limit by default. */
  readonly limitMs?: number;
  /** Ends the answer, too. */
  readonly signal?: AbortSignal;
}

/** Requests are sent again after these pauses, in milliseconds. */
const PAUSES = [200, 800];

/** Sends signed requests to a bucket. */
export class S3Connection {
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  /**
   * @param limitMs until an answer starts, and between its pieces; 0 is no limit
   * @param failed called when a request fails for good, but not for a missing object
   */
  constructor(
    readonly options: S3Options,
    readonly limitMs: number,
    private readonly failed: (error: S3Error) => void = () => {},
  ) {}

  /** The answer to a request, with its headers here and its body still on its way. @throws S3Error */
  async send(request: S3Request): Promise<Response> {
    try {
      return await this.#sendUntilAnswered(request);
    } catch (error) {
      const isFault = error instanceof S3Error && error.code !== "NoSuchKey" && !isMissingObject(request, error);
      if (isFault && !request.signal?.aborted) this.failed(error);
      throw error;
    }
  }

  async #sendUntilAnswered(request: S3Request): Promise<Response> {
    for (const pause of PAUSES) {
      try {
        return await this.#sendOnce(request);
      } catch (error) {
        if (!(error instanceof S3Error) || !error.isPassing || request.signal?.aborted) throw error;
        await Bun.sleep(pause);
      }
    }
    return this.#sendOnce(request);
  }

  /** The answer's body as text. @throws S3Error */
  async text(request: S3Request): Promise<string> {
    const response = await this.send(request);
    return this.within(response.text());
  }

  /** A URL with which anyone may send exactly this request until it expires. */
  async presign(request: S3Request, seconds: number): Promise<string> {
    const query = { ...request.query, "X-Amz-Expires": String(seconds) };
    return (await this.#signed({ ...request, query }, { signQuery: true, allHeaders: true })).url;
  }

  /** Fails if the store takes longer than the limit for the next step. */
  async within<T>(step: Promise<T>, limitMs = this.limitMs): Promise<T> {
    if (limitMs === 0) return step.catch(unreachable(this.options));
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(tooLate(limitMs)), limitMs);
    return Promise.race([step, late])
      .catch(unreachable(this.options))
      .finally(() => clearTimeout(timer));
  }

  async #sendOnce(request: S3Request): Promise<Response> {
    const { url, method, headers } = await this.#signed(request, {});
    const stop = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, stop.signal]) : stop.signal;
    const { body = null } = request;
    // Bun would follow redirects with a signature for another host, and decompress what is stored compressed.
    const answer = fetch(url, { method, headers, body, signal, redirect: "manual", decompress: false });
    const response = await this.within(answer, request.limitMs).catch((error: unknown) => {
      stop.abort();
      throw error;
    });
    if (response.status >= 300 && response.status !== 304) throw await errorOf(response);
    return response;
  }

  async #signed(
    { method, key = "", query = {}, headers = {} }: S3Request,
    how: { readonly signQuery?: boolean; readonly allHeaders?: boolean },
  ): Promise<{ readonly url: string; readonly method: string; readonly headers: Headers }> {
    const url = new URL(baseUrl(this.options) + encodePath(escapeKey(key)));
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const { accessKey: accessKeyId, secret: secretAccessKey, region } = this.options;
    const keys = { accessKeyId, secretAccessKey, region, service: "s3", cache: this.#signingKeys };
    const unsigned = how.signQuery ? {} : { "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD", "Accept-Encoding": "identity" };
    const signed = await new AwsV4Signer({
      ...keys,
      ...how,
      method,
      url: url.href,
      headers: { ...headers, ...unsigned },
    }).sign();
    return { url: signed.url.href, method, headers: signed.headers };
  }
}

/** With a slash at the end. */
export function baseUrl({ endpoint, bucket, forcePathStyle }: S3Options): string {
  const scheme = /^https?:\/\//.exec(endpoint)?.[0] ?? "";
  let end = endpoint.length;
  while (end > scheme.length && endpoint[end - 1] === "/") end -= 1;
  const rest = endpoint.slice(scheme.length, end);
  const host = forcePathStyle ? `${rest}/${bucket}` : `${bucket}.${rest}`;
  return `${scheme || "https://"}${host}/`;
}

/** An answer to HEAD has no body that could say what is missing. */
const isMissingObject = ({ method }: S3Request, { status }: S3Error): boolean => method === "HEAD" && status === 404;

const tooLate = (limitMs: number): S3Error =>
  new S3Error(0, "", `The S3 store did not answer within ${limitMs / 1000} seconds (--max-s3-seconds).`);

const unreachable =
  (options: S3Options) =>
  (error: unknown): never => {
    if (error instanceof S3Error) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new S3Error(0, "", `The S3 store at ${baseUrl(options)} can't be reached: ${reason}`, "", error);
  };
