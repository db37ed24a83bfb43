/**
 * The Terraform providers, each in the one version that the tests run: review and deploy plan with the same code.
 *
 * A lock file beside it would hold a checksum for each system, and Terraform keeps its own where the stacks are
 * synthesized; a released version never changes, and Terraform checks its publisher's signature when it installs it.
 */
export const providerVersions = { aws: "5.100.0", archive: "2.7.1" } as const;
