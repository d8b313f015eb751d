import { SIDECAR_SUFFIX } from "./attributes-sidecar.ts";
import type { FileType } from "./file-type.ts";
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
  /** Where it is now, if it arrived before the record. */
  readonly arrived?: ArrivedUpload;
}

/** An upload that arrived before the record that names it. */
export interface ArrivedUpload {
  /** The object in the bucket, if that is where it is, and its version whose type is known. */
  readonly object?: { readonly key: string; readonly etag: string };
  /** Keeps other records from naming it, too. @returns false if one already does */
  readonly claim: () => boolean;
  readonly release: () => void;
  /** A record names it now. */
  readonly attached: () => Promise<void>;
}

/** @param file a part of a multipart form; a path in its name is removed */
export const readUpload = async (file: File): Promise<Upload> => uploadOf(file, await sniff(file));

/** @param type sniffed from the content */
export const readArrived = (file: File, type: FileType, size: number, arrived: ArrivedUpload): Upload => ({
  ...uploadOf(file, type),
  size,
  arrived,
});

/** An upload whose content nobody has looked at: without a type, and without an extension that its name lacks. */
export const nameUpload = (file: File): Upload => uploadOf(file, { contentType: "", extension: "" });

function uploadOf(file: File, { contentType, extension }: FileType): Upload {
  const originalName = originalNameOf(file.name);
  return { name: newFileName(originalName, extension), originalName, contentType, size: file.size, content: file };
}

/** A client's file name without the path before it. */
export const originalNameOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Whether a file may have this name: that of a side-car would hide the file beside it. */
export const isStorableName = (name: string): boolean => !name.endsWith(SIDECAR_SUFFIX);
