// A test ends when what it waits for comes; this is when it is given up. The same factor as in __tests__/patience.ts.
const patience = Number(process.env.WORKFLOW_TEST_PATIENCE || 1);

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  // Jest leaves one core to others; most of these tests wait for what they started.
  maxWorkers: 2,
  testTimeout: 20 * 60_000 * patience,
  testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/.emulator"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  setupFilesAfterEnv: ["<rootDir>/__tests__/setup.ts"],
  globalSetup: "<rootDir>/__tests__/temporary-folder.ts",
  globalTeardown: "<rootDir>/__tests__/remove-temporary-folder.ts",
};
