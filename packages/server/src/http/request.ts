import type { Server } from "bun";
import type { z } from "zod";
import { ApiError, badRequest } from "../lib/api-error.ts";
import { GUEST, type Principal } from "../rules/principal.ts";
import type { AccessLine } from "./access-log.ts";
import { type Body, type FormFiles, readBody } from "./body.ts";
import { boundValues, freeValues, type Values } from "./body-values.ts";
import { clientIp } from "./client-ip.ts";
import type { Params } from "./route.ts";

/** The request as the endpoints see it: who asks, for what, and what came with it. Parsed once, and only if asked for. */
export class ApiRequest {
  /** Who asks. Set by the handler before the endpoint runs. */
  principal: Principal = GUEST;
  /** How many revisions of principals there had been when that was found out. */
  identifiedAt = 0;
  /** Of the `Authorization` header, without `Bearer`; "" for none. */
  readonly token: string;
  /** Called when the body has come, which may take its time. Set by the handler. */
  onBody: () => Promise<void> = async () => {};
  #query: Readonly<Record<string, string>> | undefined;
  #body: Promise<Body> | undefined;

  constructor(
    readonly raw: Request,
    readonly server: Server<unknown>,
    readonly url: URL,
    /** The path's parameters, decoded. */
    readonly params: Params,
    /** As answered in `X-Request-Id`. */
    readonly id: string,
    readonly now: Date,
    readonly bodyLimit: number,
    /** Its line in the log. The handler writes it, but for event streams, which write it when they end. */
    readonly line: AccessLine,
  ) {
    const authorization = raw.headers.get("authorization") ?? "";
    this.token = /^bearer ./i.test(authorization) ? authorization.slice("bearer ".length) : authorization;
  }

  /** The first value of each parameter of the URL. */
  get query(): Readonly<Record<string, string>> {
    // Object.fromEntries keeps the last of a name: backwards, that is the first.
    return (this.#query ??= Object.fromEntries([...this.url.searchParams].toReversed()));
  }

  /** The client's address, IPv6 written out in full; "" when it is gone. */
  get ip(): string {
    return clientIp(this.server.requestIP(this.raw)?.address);
  }

  /**
   * The body's values, whatever they are.
   *
   * @param unreadable the message when it is malformed; PocketBase's default for ""
   */
  values(unreadable = ""): Promise<Values> {
    return this.#read(freeValues, unreadable);
  }

  /** The body's values when they must have this shape. */
  bound<Shape extends z.ZodRawShape>(shape: z.ZodObject<Shape>, unreadable = ""): Promise<z.output<typeof shape>> {
    return this.#read((body) => boundValues(body, shape), unreadable);
  }

  /** What the body says: any value as JSON, an object as a form; `undefined` for no body. */
  json(): Promise<unknown> {
    return this.#read(
      (body) => (body.kind === "json" ? body.value : body.kind === "form" ? freeValues(body) : undefined),
      "",
    );
  }

  /** The files of a multipart form, by the name of their part. */
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
    await this.onBody();
    return body;
  }
}

const NO_FILES: FormFiles = new Map();
