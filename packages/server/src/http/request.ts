import type { Server } from "bun";
import type { z } from "zod";
import { ApiError, badRequest } from "../lib/api-error.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import type { AccessLogEntry } from "./access-log.ts";
import { type Body, type FormFiles, readBody } from "./body.ts";
import { parseValues, readValues, type Values } from "./body-values.ts";
import { clientIp, forwardedIp } from "./client-ip.ts";
import { UNREAD } from "./requester.ts";

/** The path's parameters by name, decoded. */
export type Params = Readonly<Record<string, string>>;

/** The request as route handlers see it. Query and body are parsed on first use, once. */
export class ApiRequest {
  /** The sender. Set before the route handler runs. */
  principal: Principal = GUEST;
  principalRevision = UNREAD;
  /** From the `Authorization` header, without `Bearer`; "" if there is none. */
  readonly token: string;
  /** Runs once the whole body has arrived. */
  onBodyReceived: () => Promise<void> = async () => {};
  #query: Readonly<Record<string, string>> | undefined;
  #body: Promise<Body> | undefined;

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
    /** Written when the response is ready; event streams and WebSockets write it when they end. */
    readonly logEntry: AccessLogEntry,
    /** Headers in which a trusted proxy sends the client's address. */
    readonly proxyHeaders: readonly string[],
  ) {
    const authorization = raw.headers.get("authorization") ?? "";
    this.token = /^bearer ./i.test(authorization) ? authorization.slice("bearer ".length) : authorization;
  }

  /** The first value of each URL parameter. */
  get query(): Readonly<Record<string, string>> {
    // Object.fromEntries keeps the last value of a name, so the order is reversed.
    return (this.#query ??= Object.fromEntries([...this.url.searchParams].toReversed()));
  }

  /** The client's address, also behind a trusted proxy, with IPv6 written out in full; "" if the client is gone. */
  get ip(): string {
    return forwardedIp(this.raw.headers, this.proxyHeaders) ?? clientIp(this.server.requestIP(this.raw)?.address);
  }

  /**
   * The body's values, in whatever shape they come.
   *
   * @param unreadable the error message for a malformed body; "" for PocketBase's default
   */
  values(unreadable = ""): Promise<Values> {
    return this.#read(readValues, unreadable);
  }

  /** The body's values, validated against a shape. */
  parseBody<Shape extends z.ZodRawShape>(shape: z.ZodObject<Shape>, unreadable = ""): Promise<z.output<typeof shape>> {
    return this.#read((body) => parseValues(body, shape), unreadable);
  }

  /** Any value from a JSON body, an object from a form; `undefined` without a body. */
  json(): Promise<unknown> {
    return this.#read(
      (body) => (body.kind === "json" ? body.value : body.kind === "form" ? readValues(body) : undefined),
      "",
    );
  }

  /** The files of a multipart form, by part name. */
  uploads(): Promise<FormFiles> {
    return this.#read((body) => (body.kind === "form" ? body.files : NO_FILES), "");
  }

  async #read<Read>(parse: (body: Body) => Read, unreadable: string): Promise<Read> {
    try {
      return parse(await (this.#body ??= this.#receive()));
    } catch (error) {
      throw error instanceof ApiError ? error : badRequest(unreadable, {}, error);
    }
  }

  async #receive(): Promise<Body> {
    const body = await readBody(this.raw, this.url, this.bodyLimit);
    await this.onBodyReceived();
    return body;
  }
}

const NO_FILES: FormFiles = new Map();
