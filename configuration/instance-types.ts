/** Instance types of SageMaker: the sizes of each family, and what it is for. A test compares them with those of the SDK. */

export type InstanceUser = "endpoints" | "jobs";

interface Family {
  readonly users: readonly InstanceUser[];
  readonly sizes: readonly string[];
}

const family =
  (...users: InstanceUser[]) =>
  (sizes: string): Family => ({ users, sizes: sizes.split(" ") });
const endpointsAndJobs = family("endpoints", "jobs");
const endpoints = family("endpoints");
const jobs = family("jobs");

export const instanceFamilies: Readonly<Record<string, Family>> = {
  c4: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge"),
  c5: endpointsAndJobs("large xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
  c5d: endpoints("large xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
  c5n: jobs("xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
  c6g: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  c6gd: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  c6gn: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  c6i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"),
  c6in: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"),
  c7g: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  c7i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  c8g: endpoints("medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  c8i: jobs("xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge"),
  dl1: endpoints("24xlarge"),
  g4dn: endpointsAndJobs("xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  g5: endpointsAndJobs("xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  g6: endpointsAndJobs("xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  g6e: endpointsAndJobs("xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  g7: endpointsAndJobs("2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge"),
  g7e: endpointsAndJobs("2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge"),
  inf1: endpoints("xlarge 2xlarge 6xlarge 24xlarge"),
  inf2: endpoints("xlarge 8xlarge 24xlarge 48xlarge"),
  m4: endpointsAndJobs("xlarge 2xlarge 4xlarge 10xlarge 16xlarge"),
  m5: endpointsAndJobs("large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"),
  m5d: endpoints("large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"),
  m6g: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  m6gd: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  m6i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"),
  m7i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  m8g: endpoints("medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  m8i: jobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge"),
  p2: endpointsAndJobs("xlarge 8xlarge 16xlarge"),
  p3: endpointsAndJobs("2xlarge 8xlarge 16xlarge"),
  p3dn: jobs("24xlarge"),
  p4d: endpointsAndJobs("24xlarge"),
  p4de: endpointsAndJobs("24xlarge"),
  p5: endpointsAndJobs("4xlarge 48xlarge"),
  p5e: endpointsAndJobs("48xlarge"),
  p5en: endpointsAndJobs("48xlarge"),
  "p6-b200": endpointsAndJobs("48xlarge"),
  "p6-b300": endpointsAndJobs("48xlarge"),
  "p6e-gb200": endpointsAndJobs("36xlarge"),
  r5: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"),
  r5d: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"),
  r6g: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  r6gd: endpoints("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  r6i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"),
  r7gd: endpoints("medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"),
  r7i: endpointsAndJobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  r8g: endpoints("medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"),
  r8i: jobs("large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge"),
  t2: endpoints("medium large xlarge 2xlarge"),
  t3: jobs("medium large xlarge 2xlarge"),
  trn1: endpointsAndJobs("2xlarge 32xlarge"),
  trn1n: endpointsAndJobs("32xlarge"),
  trn2: endpointsAndJobs("48xlarge"),
};

/** The names of all types that are known. */
export const instanceTypes: readonly string[] = Object.entries(instanceFamilies).flatMap(
  ([name, { sizes }]) => sizes.map((size) => `ml.${name}.${size}`),
);

/** What is wrong with an instance type; undefined if nothing is, or if only AWS knows: a family may be newer than this list. */
export function instanceTypeProblem(instanceType: string, user: InstanceUser): string | undefined {
  const [, name = "", size = ""] = instanceType.split(".");
  const found = Object.hasOwn(instanceFamilies, name) ? instanceFamilies[name] : undefined;
  if (found === undefined) return undefined;
  if (!found.users.includes(user))
    return `must be an instance type for ${user}, but ml.${name} is not, got ${instanceType}`;
  if (found.sizes.includes(size)) return undefined;
  return `must be a size that ml.${name} has (${found.sizes.join(", ")}), got ${instanceType}`;
}
