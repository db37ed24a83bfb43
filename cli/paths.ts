import { join, resolve } from "node:path";

export const projectRoot = resolve(__dirname, "..");

/** Where the artifacts of executions are kept, a folder for each. */
export const runsFolder = join(projectRoot, ".runs");
