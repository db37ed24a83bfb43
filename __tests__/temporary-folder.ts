import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Temporary files of all tests lie in one folder, which goes with them: CDKTF's `Testing` leaves a folder for each app. */
export default function createTemporaryFolder(): void {
  process.env.TMPDIR = process.env.WORKFLOW_TEST_TMPDIR = mkdtempSync(join(tmpdir(), "workflow-tests-"));
}
