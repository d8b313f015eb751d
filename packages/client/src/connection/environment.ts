/** What a browser says about itself. Bun and Node have none of it, or parts. */
interface Surroundings {
  readonly document?: Emitter & { readonly visibilityState: string };
  readonly addEventListener?: Emitter["addEventListener"];
  readonly removeEventListener?: Emitter["removeEventListener"];
}

interface Emitter {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

export type Signal = "woke" | "offline";

/** Who tells when the page comes back, and when the network comes and goes. Gives a function that stops it. */
export type Environment = (onSignal: (signal: Signal) => void) => () => void;

/** The page's visibility and its return from the back/forward cache, and the network of the browser; elsewhere, nothing. */
export const browserEnvironment: Environment = (onSignal) => {
  const surroundings: Surroundings = globalThis;
  const { document } = surroundings;
  const woke = (): void => onSignal("woke");
  const visible = (): void => {
    if (document?.visibilityState === "visible") woke();
  };
  const listeners: readonly (readonly [Emitter | undefined, string, () => void])[] = [
    [document, "visibilitychange", visible],
    [document, "resume", woke],
    [globalEmitter(surroundings), "pageshow", woke],
    [globalEmitter(surroundings), "online", woke],
    [globalEmitter(surroundings), "offline", () => onSignal("offline")],
  ];
  for (const [emitter, type, listener] of listeners) emitter?.addEventListener(type, listener);
  return () => {
    for (const [emitter, type, listener] of listeners) emitter?.removeEventListener(type, listener);
  };
};

const globalEmitter = ({ addEventListener, removeEventListener }: Surroundings): Emitter | undefined =>
  addEventListener && removeEventListener
    ? {
        addEventListener: (type, listener) => addEventListener.call(globalThis, type, listener),
        removeEventListener: (type, listener) => removeEventListener.call(globalThis, type, listener),
      }
    : undefined;
