/** The number of vCPUs of an instance type. */

/** Sizes that differ from the rule. */
const exceptions: Readonly<Record<string, number>> = {
  "ml.c4.8xlarge": 36,
  "ml.t2.medium": 2,
  "ml.t3.medium": 2,
};
const smallSizes: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };

/**
 * The number of vCPUs of an instance type: four for each `xlarge`.
 *
 * @returns undefined for a size that has no such rule
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html
 */
export function vcpusOf(instanceType: string): number | undefined {
  const size = instanceType.split(".").at(-1) ?? "";
  const [, times] = /^(\d+)xlarge$/.exec(size) ?? [];
  return exceptions[instanceType] ?? (times === undefined ? smallSizes[size] : 4 * Number(times));
}
