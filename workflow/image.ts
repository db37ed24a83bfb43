import { arn } from "./arns";

const address = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)[:@].+$/;

/**
 * The ARN of the ECR repository that holds an image.
 *
 * @throws Error when `uri` is no address of an image in ECR, which is where SageMaker takes images from
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
