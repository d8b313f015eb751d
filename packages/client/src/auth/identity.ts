/** The user that requests and connections act for. */
export interface Identity {
  /** The token to send, refreshed if it is about to expire; "" for a guest. Never rejects. */
  token(): Promise<string>;
  /** Gets a new token after the server rejected this one. Never rejects. @returns whether there is a new one */
  renew(rejected: string): Promise<boolean>;
  /** Calls the listener when the token changes. @returns a function that removes the listener */
  onToken(listener: (isSameUser: boolean) => void): () => void;
}
