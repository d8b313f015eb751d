import { randomText, LOWER_ALPHANUMERIC } from "../../lib/random.ts";
import { S3Error } from "../../files/s3/s3-error.ts";
import type { S3Files } from "../../files/s3/s3-files.ts";
import { type ApiRequest, UNREADABLE } from "../../http/request.ts";
import { noContent } from "../../http/responses.ts";
import { badRequest } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { oneOf, required } from "../../lib/validators.ts";
import type { ApiContext } from "../api-context.ts";

const FILESYSTEMS = ["storage", "backups"];

/** Stores a file in the bucket of the settings and removes it again. */
export async function testS3(request: ApiRequest, { settings, files }: ApiContext): Promise<Response> {
  const { filesystem: sent = null } = await request.values(UNREADABLE);
  if (sent !== null && typeof sent !== "string") throw badRequest(UNREADABLE);
  const filesystem = toText(sent);
  const problem = required(filesystem) ?? oneOf(filesystem, FILESYSTEMS);
  if (problem) throw badRequest("Failed to test the S3 filesystem.", { filesystem: problem });
  const { s3, backups } = settings.current;
  const tested = filesystem === "backups" ? backups.s3 : s3;
  if (!tested.enabled) throw failure("S3 storage filesystem is not enabled");
  await tryOut(files.openBucket(tested));
  return noContent();
}

async function tryOut(bucket: S3Files): Promise<void> {
  const folder = `pb_settings_test_${randomText(5, LOWER_ALPHANUMERIC)}`;
  const key = `${folder}/test.txt`;
  const content = { contentType: "text/plain; charset=utf-8" };
  await bucket.put(key, new Blob(["test"]), content).catch(explain("upload", key));
  await bucket.removeFolder(folder).catch(explain("delete", key));
}

const explain =
  (step: "upload" | "delete", key: string) =>
  (error: unknown): never => {
    if (!(error instanceof S3Error)) throw error;
    const missing = error.status === 404 ? "\nresource not found" : "";
    throw failure(`failed to ${step} a test file: [key: ${key}] ${error.detailed}${missing}`, error);
  };

const failure = (reason: string, cause?: unknown): Error =>
  badRequest(`Failed to test the S3 filesystem. Raw error: \n${reason}`, {}, cause);
