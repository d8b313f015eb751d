import { parseXml, textOf } from "./s3-xml.ts";

/** The S3 store refused a request, or gave no answer. */
export class S3Error extends Error {
  override readonly name = "S3Error";

  /**
   * @param status of the answer; 0 if there was none
   * @param code in the words of S3, such as `NoSuchBucket`; "" if there is none
   * @param raw the body of the answer
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly raw = "",
    cause?: unknown,
  ) {
    super(message, { cause });
  }

  /** Whether the same request may succeed a moment later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || (this.status >= 500 && this.status !== 501);
  }

  get isMissing(): boolean {
    return this.status === 404 || this.code === "NoSuchKey" || this.code === "NotFound";
  }

  /** As PocketBase writes it: with the whole answer. */
  get detailed(): string {
    return this.raw === "" ? this.message : `${this.message}\n(RAW: ${this.raw})`;
  }
}

/** The most of an error's body that is read. */
const MAX_RAW = 16_384;

export async function errorOf(response: Response): Promise<S3Error> {
  const raw = (await response.text().catch(() => "")).slice(0, MAX_RAW);
  const { status } = response;
  const answer = parseXml(raw, "Error");
  const name = textOf(answer, "Code") || "S3ResponseError";
  const message = textOf(answer, "Message");
  const text = message === "" ? "" : `: ${message}`;
  return new S3Error(status, name, `${status} ${name}${text}`, raw);
}
