/** The container image of jobs and endpoint. python/locks/images.json maps it for the emulator. */

import { arn } from "./arns";

/** AWS's own image by repository and tag, or any image by its address in ECR. */
export type ImageProps =
  | { readonly repository: string; readonly tag: string; readonly uri?: never }
  | { readonly uri: string; readonly repository?: never; readonly tag?: never };

/** The default image. */
export const defaultImage = {
  repository: "sagemaker-scikit-learn",
  tag: "1.2-1-cpu-py3",
} as const satisfies ImageProps;

const address = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)[:@].+$/;

/**
 * The ARN of the ECR repository that holds an image.
 *
 * @throws Error if `uri` is not the address of an image in ECR, as SageMaker requires
 */
export function imageRepositoryArn(uri: string, partition: string): string {
  const match = address.exec(uri);
  if (match === null) {
    throw new Error(
      `image.uri must be an ECR address, <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>, got "${uri}"`,
    );
  }
  const [, account = "", region = "", repository] = match;
  return arn({ partition, region, account }, "ecr", `repository/${repository}`);
}
