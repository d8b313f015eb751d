import { newFileName } from "./file-name.ts";
import { sniff } from "./sniff.ts";

/** An uploaded file, with the name under which it will be stored. */
export interface Upload {
  readonly name: string;
  readonly originalName: string;
  /** Sniffed from the content; the file's name and the client's header are ignored. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly content: Blob;
}

/** @param file a part of a multipart form; a path in its name is removed */
export async function readUpload(file: File): Promise<Upload> {
  const originalName = file.name.slice(file.name.lastIndexOf("/") + 1);
  const { contentType, extension } = await sniff(file);
  return { name: newFileName(originalName, extension), originalName, contentType, size: file.size, content: file };
}
