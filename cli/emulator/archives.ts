import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import archiver from "archiver";
import { sourceFiles } from "../../source-files";

/** Packs the code files of `folder` as a zip or tar.gz in memory, as the archive provider does for Terraform. */
export async function packFolder(folder: string, type: "zip" | "tar.gz"): Promise<Buffer> {
  const archive = type === "zip" ? archiver("zip") : archiver("tar", { gzip: true });
  for (const name of sourceFiles(folder)) {
    archive.append(readFileSync(join(folder, name)), { name, mode: 0o644, date: new Date(0) });
  }
  const [packed] = await Promise.all([buffer(archive), archive.finalize()]);
  return packed;
}
