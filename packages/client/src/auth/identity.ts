/** Who asks: all that requests and connections need to know of it. */
export interface Identity {
  /** The token to send, refreshed first if it is about to end; "" for a guest. Never rejects. */
  token(): Promise<string>;
  /** Another token after this one was refused. Never rejects. @returns false when there is none */
  renew(refused: string): Promise<boolean>;
  /** Told when the token changes; `same` if it is still the same person's. Gives a function that stops it. */
  onToken(listener: (same: boolean) => void): () => void;
}
