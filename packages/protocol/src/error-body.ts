/** One failed check of one value, in PocketBase's shape. `code` is stable; `message` may change. */
export interface ValidationError {
  readonly code: string;
  readonly message: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Of the request in a batch that failed. */
  readonly response?: ErrorBody;
}

/** Failed checks by field, nested where the value is nested. An array index is a key. */
export interface ErrorData {
  readonly [field: string]: ValidationError | ErrorData;
}

/** The body of every error response. */
export interface ErrorBody {
  readonly data: ErrorData;
  readonly message: string;
  readonly status: number;
}
