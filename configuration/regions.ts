/** AWS's regions, to find a misspelt one; a new one of known words is left to AWS. A test compares them with those of the SDK. */

import { suggestion } from "./suggest";

export const regions: readonly string[] = [
  ...["us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1"],
  ...["ca-central-1", "ca-west-1", "mx-central-1", "sa-east-1"],
  ...["eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2"],
  ...["eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1"],
  ...["af-south-1", "il-central-1", "me-central-1", "me-south-1"],
  ...["ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"],
  ...["ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4"],
  ...["ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "cn-north-1", "cn-northwest-1"],
];

const words = new Set(regions.flatMap((region) => region.split("-")));

/** Why a text is no region; undefined if it is one, or may be a new one. */
export function regionProblem(region: string): string | undefined {
  const [, name = "", number] = /^(.+)-(\d)$/.exec(region) ?? [];
  if (number !== undefined && name.split("-").every((word) => words.has(word))) return undefined;
  return `must be an AWS region such as us-east-1, got ${region}${suggestion(region, regions)}`;
}
