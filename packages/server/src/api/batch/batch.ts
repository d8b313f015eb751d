import type { ErrorData } from "@headwater/protocol";
import { toApiError } from "../../http/error-response.ts";
import type { Params, ApiRequest } from "../../http/request.ts";
import { type ApiError, badRequest, forbidden } from "../../lib/api-error.ts";
import { BatchClock, BatchStopped } from "../../records/batch/batch-clock.ts";
import { BatchRequestFailed } from "../../records/batch/batch-request.ts";
import { type BatchResult, runBatch } from "../../records/batch/run-batch.ts";
import type { ApiContext } from "../api-context.ts";
import { recordContext } from "../record-context.ts";
import { readBatch } from "./batch-form.ts";
import { batchResponse } from "./batch-response.ts";
import { readBatchRequest } from "./read-request.ts";
import { batchProblems } from "./validate-batch.ts";

const FAILED = "Batch transaction failed.";
/** What 0 means in the settings, as in PocketBase. */
const DEFAULT_BODY_BYTES = 128 << 20;
const DEFAULT_SECONDS = 3;

/** Bytes. A batch that is not allowed is refused without a look at its body. */
export function bodyLimit(_: Params, { settings }: ApiContext): number {
  const { enabled, maxBodySize } = settings.current.batch;
  if (!enabled) return Number.MAX_SAFE_INTEGER;
  return maxBodySize > 0 ? maxBodySize : DEFAULT_BODY_BYTES;
}

/** Creates, updates and deletes records: all of them, or none. */
export async function create(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { enabled, maxRequests, timeout } = api.settings.current.batch;
  if (!enabled || maxRequests <= 0) throw forbidden("Batch requests are not allowed.");
  const sent = await request.read(readBatch, "Failed to read the submitted batch data.");
  const found = batchProblems(sent, maxRequests);
  if (sent.length > maxRequests) api.metrics.refused("limit_batch_requests");
  if (found) throw badRequest("Invalid batch request data.", found);
  const context = recordContext(request, api, { context: "batch" });
  const unread = sent.map((each, index) => () => readBatchRequest(each, index, context, api.versions));
  const clock = new BatchClock((timeout > 0 ? timeout : DEFAULT_SECONDS) * 1_000, request.raw.signal);
  const results = await runBatch(api, context, unread, clock).catch((error: unknown) => refuse(error, request, api));
  return batchResponse(request, api, results);
}

function refuse(error: unknown, request: ApiRequest, { logger, metrics }: ApiContext): readonly BatchResult[] {
  if (error instanceof BatchStopped) {
    if (error.reason === "late") metrics.refused("limit_batch_seconds");
    throw badRequest(FAILED, {}, error);
  }
  if (!(error instanceof BatchRequestFailed)) throw error;
  const { cause, index } = error;
  const response = toApiError(cause);
  if (response !== cause && response.status >= 500)
    logger.error({ request: request.id, err: cause, index }, "request failed");
  throw badRequest(FAILED, { requests: { [index]: failureOf(response) } }, cause);
}

const failureOf = (response: ApiError): ErrorData[string] => ({
  code: "batch_request_failed",
  message: "Batch request failed.",
  response: response.toBody(),
});
