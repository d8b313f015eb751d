interface BrowserGlobals {
  readonly document?: object;
  readonly navigator?: { readonly locks?: object };
  readonly BroadcastChannel?: object;
}

/** Whether this is a page whose browser has what tabs share by; over plain HTTP there are no locks but on localhost. */
export function isTabSharingSupported(): boolean {
  const { document, navigator, BroadcastChannel } = globalThis as BrowserGlobals;
  return !!(document && navigator?.locks && BroadcastChannel);
}
