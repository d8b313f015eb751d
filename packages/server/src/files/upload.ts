import { newFileName } from "./file-name.ts";
import { sniff } from "./sniff.ts";

/** A file on its way in, already under the name it will be stored with. */
export interface Upload {
  readonly name: string;
  readonly originalName: string;
  /** Sniffed from the content, never from the name or from what the client claims. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly content: Blob;
}

/** @param file a part of a multipart form; a path in its name is dropped */
export async function readUpload(file: File): Promise<Upload> {
  const originalName = file.name.slice(file.name.lastIndexOf("/") + 1);
  const { contentType, extension } = await sniff(file);
  return { name: newFileName(originalName, extension), originalName, contentType, size: file.size, content: file };
}
