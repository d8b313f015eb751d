/** What a server answered, as it is compared and recorded. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or `base64:` and the bytes. */
  readonly body: string;
}
