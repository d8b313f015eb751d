import { check, show } from "../core/checks.ts";

/** Posts JSON. @returns the response's JSON, if any @throws Failure unless the status is 2xx */
export async function post(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  check(response.ok, `POST ${url}: ${response.status} ${show(text)}`);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
