/**
 * The Terraform providers, each in the version that the tests use, so that review and deploy plan with the same code.
 *
 * There is no lock file with checksums for each platform: Terraform keeps its own next to the synthesized stacks, a
 * released version never changes, and Terraform checks its publisher's signature when it installs it.
 */
export const providerVersions = { aws: "5.100.0", archive: "2.7.1" } as const;
