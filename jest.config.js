/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  // Jest leaves one core to others; most of these tests wait for what they started.
  maxWorkers: 2,
  testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/cdktf.out", "<rootDir>/.emulator"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }] },
  setupFilesAfterEnv: ["<rootDir>/__tests__/setup.ts"],
};
