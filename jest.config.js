// A test ends when what it waits for comes; this is when it is given up. The same factor as in __tests__/patience.ts.
const patience = Number(process.env.WORKFLOW_TEST_PATIENCE || 1);

// These tests are of the framework, not of the workflow that config.ts describes: that has a test in __tests__/config.
process.env.WORKFLOW_OWN_CONFIG = process.env.WORKFLOW_CONFIG ?? "";
process.env.WORKFLOW_CONFIG = "__tests__/housing.config.ts";

// A third of Terraform's time goes into collecting garbage of the AWS provider's schema, which each of its processes reads.
process.env.GOGC ??= "off";
process.env.GOMEMLIMIT ??= "1GiB";

/** The tests of some folders, as `npx jest --selectProjects <name>` runs them. */
const project = (displayName, ...folders) => ({
  displayName,
  testEnvironment: "node",
  testMatch: folders.map((folder) => `<rootDir>/__tests__/${folder}/*.test.ts`),
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/.emulator"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  globalSetup: "<rootDir>/__tests__/temporary-folder.ts",
  globalTeardown: "<rootDir>/__tests__/remove-temporary-folder.ts",
});

/** @type {import("jest").Config} */
module.exports = {
  // More than cores: half of the time these tests wait for what they started.
  maxWorkers: 3,
  testSequencer: "<rootDir>/__tests__/longest-first.js",
  testTimeout: 20 * 60_000 * patience,
  projects: [
    project("unit", ".", "cli/**", "configuration/**", "constructs/**", "workflow/**"),
    project("config", "config/**"),
    project("runs", "runs/**"),
    project("terraform", "terraform/**"),
    project("security", "security/**"),
  ],
};
