/** What Go's parser refuses in a parameter: a semicolon, or a percent sign without two digits. */
const BROKEN = /;|%(?![\da-f]{2})/i;

/** Whether the text of a URL's parameters, or of a form, has one that is broken. Go refuses such a form. */
export const hasBrokenParameter = (text: string): boolean => BROKEN.test(text);

/** A URL's parameters. As in Go, those that are broken are left out. */
export function urlParameters({ search, searchParams }: URL): URLSearchParams {
  if (!hasBrokenParameter(search)) return searchParams;
  const whole = search.slice(1).split("&");
  return new URLSearchParams(`?${whole.filter((parameter) => !hasBrokenParameter(parameter)).join("&")}`);
}
