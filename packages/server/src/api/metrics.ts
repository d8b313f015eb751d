import type { ApiRequest } from "../http/request.ts";
import type { ApiContext } from "./api-context.ts";

/** All metrics in Prometheus' text format. */
export async function view(_: ApiRequest, { metrics }: ApiContext): Promise<Response> {
  return new Response(await metrics.text(), { headers: { "Content-Type": metrics.contentType } });
}
