/** Names that follow from an environment's. */

/** The environment that is the emulator. */
export const localEnvironment = "local";

/** The stacks of an environment; the second reads outputs of the first. */
export function stackNames(environment: string) {
  return { pipeline: `${environment}-pipeline`, testRun: `${environment}-test-run` } as const;
}

/** Variable that names the only environment whose stacks are synthesized; without it, the stacks of all are. */
export const synthesizedEnvironment = "WORKFLOW_ENVIRONMENT";

/** The key of a stack's state in the state bucket. */
export function stateKey(stack: string): string {
  return `${stack}/terraform.tfstate`;
}
