/** Names that are derived from an environment's name. */

/** The environment that is the emulator. */
export const localEnvironment = "local";

/** The stacks of an environment; the second reads outputs of the first. */
export function stackNames(environment: string) {
  return { pipeline: `${environment}-pipeline`, testRun: `${environment}-test-run` } as const;
}

/** Environment variable that limits synthesis to one environment's stacks; without it, all are synthesized. */
export const synthesizedEnvironment = "WORKFLOW_ENVIRONMENT";

/** The key of a stack's state in the state bucket. */
export function stateKey(stack: string): string {
  return `${stack}/terraform.tfstate`;
}
