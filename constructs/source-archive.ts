import { DataArchiveFile } from "@cdktf/provider-archive/lib/data-archive-file";
import type { Construct } from "constructs";
import { excludedPatterns } from "../source-files";
import { fromStackFolder } from "./stack-folder";

/** Packs the code files of `folder` when Terraform runs; `source-files.ts` says what counts as code. */
export function sourceArchive(scope: Construct, folder: string, type: "zip" | "tar.gz"): DataArchiveFile {
  return new DataArchiveFile(scope, "Archive", {
    type,
    sourceDir: fromStackFolder(scope, folder),
    excludes: [...excludedPatterns],
    // The same mode from every checkout, readable by whatever user the container has.
    outputFileMode: "0644",
    outputPath: `archives/${scope.node.id}.${type}`,
  });
}
