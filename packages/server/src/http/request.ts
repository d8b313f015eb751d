import type { Server } from "bun";
import type { z } from "zod";
import { ApiError, badRequest, invalid } from "../lib/api-error.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import type { AccessLogEntry } from "./access-log.ts";
import { JsonLimitError } from "../lib/json/json-scanner.ts";
import {
  type Body,
  type FormFiles,
  hasBody,
  NO_BODY,
  readBody,
  readJsonBytes,
  UnsupportedContentType,
} from "./body/body.ts";
import { assertBodyLimit, type BodySource, readChunks } from "./body/body-bytes.ts";
import type { HeldBody } from "./body/body-memory.ts";
import { FileLimitError } from "./body/multipart.ts";
import { parseValues, readValues, type Values } from "./body/body-values.ts";
import { StoreError } from "../store/store.ts";
import { clientIp, forwardedIp, type TrustedProxy } from "./client-ip.ts";
import type { Bodies } from "./http-context.ts";
import { UNREAD } from "./requester.ts";
import { urlParameters } from "./url-parameters.ts";

/** The path's parameters by name, decoded. */
export type Params = Readonly<Record<string, string>>;

/** Where PocketBase says this, it says so of an unsupported content type instead. */
export const UNREADABLE = "An error occurred while loading the submitted data.";

/** The request as route handlers see it. Query and body are parsed on first use, once. */
export class ApiRequest {
  /** The sender. Set before the route handler runs. */
  principal: Principal = GUEST;
  principalRevision = UNREAD;
  /** From the `Authorization` header, without `Bearer`; "" if there is none. */
  readonly token: string;
  /** Runs once the whole body has arrived. */
  onBodyReceived: () => Promise<void> = async () => {};
  /** How many bytes the files of a form's part may have. Set before the body is read. */
  maxFileBytes: (part: string) => number = () => Infinity;
  #query: Readonly<Record<string, string>> | undefined;
  #body: Promise<Body> | undefined;
  #held: HeldBody | undefined;

  constructor(
    readonly raw: Request,
    readonly server: Server<unknown>,
    readonly url: URL,
    /** The path's parameters, decoded. */
    readonly params: Params,
    /** Sent back as `X-Request-Id`. */
    readonly id: string,
    readonly now: Date,
    readonly bodyLimit: number,
    readonly bodies: Bodies,
    /** Written when the response is ready; event streams and WebSockets write it when they end. */
    readonly logEntry: AccessLogEntry,
    /** How a trusted proxy sends the client's address. */
    readonly proxy: TrustedProxy,
  ) {
    const authorization = raw.headers.get("authorization") ?? "";
    this.token = /^bearer ./i.test(authorization) ? authorization.slice("bearer ".length) : authorization;
  }

  /** The first value of each URL parameter. */
  get query(): Readonly<Record<string, string>> {
    // Object.fromEntries keeps the last value of a name, so the order is reversed.
    return (this.#query ??= Object.fromEntries([...urlParameters(this.url)].toReversed()));
  }

  /** The client's address, also behind a trusted proxy, with IPv6 written out in full; "" if the client is gone. */
  get ip(): string {
    return forwardedIp(this.raw.headers, this.proxy) ?? clientIp(this.server.requestIP(this.raw)?.address);
  }

  /**
   * The body's values, in whatever shape they come; none without a body, whatever the content type.
   *
   * @param unreadable the error message for a malformed body; "" for PocketBase's default
   */
  values(unreadable = ""): Promise<Values> {
    return this.read(readValues, unreadable);
  }

  /** The body's values, validated against a shape. */
  parseBody<Shape extends z.ZodRawShape>(shape: z.ZodObject<Shape>, unreadable = ""): Promise<z.output<typeof shape>> {
    return this.read((body) => parseValues(body, shape), unreadable);
  }

  /** Any value from a JSON body, an object from a form; `undefined` without a body. */
  json(): Promise<unknown> {
    return this.read(
      (body) => (body.kind === "json" ? body.value : body.kind === "form" ? readValues(body) : undefined),
      "",
    );
  }

  /**
   * The bytes of a JSON body, which the caller parses; none without a body. Nothing but their number is limited.
   *
   * @throws ApiError 400 for another content type, 413, 429 or 503 if it is too large
   */
  async jsonBytes(): Promise<Uint8Array> {
    return hasBody(this.raw) ? this.#received(readJsonBytes(this.#source())) : new Uint8Array();
  }

  /** The files of a multipart form, by part name. They exist until the request is answered. */
  uploads(): Promise<FormFiles> {
    return this.read((body) => (body.kind === "form" ? body.files : NO_FILES));
  }

  /**
   * The bytes of the body as they arrive, whatever they are.
   *
   * @param limit how many it may have
   * @throws ApiError 413 beyond the limit; any other error if the client disconnects
   */
  chunks(limit: number): AsyncGenerator<Uint8Array> {
    assertBodyLimit(this.raw, limit);
    return readChunks({ ...this.#source(), limit });
  }

  /** Ends the body where it is: who reads it gets this error. */
  cut(reason: ApiError): void {
    this.#held?.cut(reason);
  }

  /** Forgets the body, if there is one. */
  release(): Promise<void> | undefined {
    return this.#held?.release();
  }

  /**
   * The body, read by a function of the caller.
   *
   * @param parse anything that it throws, but an ApiError, means a malformed body
   * @throws FileLimitError, StoreError if the disk fails
   */
  async read<Read>(parse: (body: Body) => Read, unreadable = ""): Promise<Read> {
    try {
      this.#body ??= hasBody(this.raw)
        ? this.#received(readBody(this.#source(), this.url, this.bodies.json))
        : Promise.resolve(NO_BODY);
      return parse(await this.#body);
    } catch (error) {
      if (error instanceof JsonLimitError && error.limit !== "depth") throw this.#tooMany(error.limit);
      if (error instanceof StoreError || error instanceof FileLimitError) throw error;
      const says = error instanceof UnsupportedContentType && unreadable === UNREADABLE;
      const isOwn = error instanceof ApiError && (error.status !== 400 || unreadable === "" || says);
      throw isOwn ? error : badRequest(unreadable, {}, error);
    }
  }

  #source(): BodySource {
    this.#held ??= this.bodies.memory.open(this.ip);
    const { raw, bodyLimit: limit, maxFileBytes } = this;
    return { raw, limit, held: this.#held, files: this.bodies.files, maxFileBytes };
  }

  async #received<Received>(reading: Promise<Received>): Promise<Received> {
    const received = await reading;
    await this.onBodyReceived();
    return received;
  }

  #tooMany(limit: "keys" | "items"): ApiError {
    const code = `limit_body_${limit}`;
    this.bodies.refused(code);
    const max = this.bodies.json[limit];
    return new ApiError(413, "", {
      body: invalid(code, `The body has more than ${max} ${limit} (--max-body-${limit}).`),
    });
  }
}

const NO_FILES: FormFiles = new Map();
