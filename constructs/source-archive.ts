import { DataArchiveFile } from "@cdktf/provider-archive/lib/data-archive-file";
import type { Construct } from "constructs";
import { excludedPatterns } from "../source-files";
import { fromStackFolder } from "./stack-folder";

/** Packs the code files of `folder` when Terraform runs; `source-files.ts` defines what counts as code. */
export function sourceArchive(scope: Construct, folder: string, type: "zip" | "tar.gz"): DataArchiveFile {
  return new DataArchiveFile(scope, "Archive", {
    type,
    sourceDir: fromStackFolder(scope, folder),
    excludes: [...excludedPatterns],
    // The same mode in every checkout, readable by any user in the container.
    outputFileMode: "0644",
    outputPath: `archives/${scope.node.id}.${type}`,
  });
}
