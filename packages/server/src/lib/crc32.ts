import { crc32 } from "node:zlib";

/** The IEEE checksum of the text's UTF-8 bytes in decimal: PocketBase makes ids of fields and collections of it. */
export const crc32Text = (text: string): string => String(crc32(text));
