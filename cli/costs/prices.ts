/**
 * AWS's prices of what an environment uses, in USD, on demand, without free tiers and taxes.
 *
 * All prices are here: to add an instance type or a region, add a row. `verified` means that the number comes from a page
 * of AWS or from a bill that AWS published; the others come from public code that quotes the page in `source`.
 */

/** The use of a SageMaker instance; each use has its own price. */
export type InstanceUse = "hosting" | "processing" | "training" | "transform";

export type Unit =
  | "hour"
  | "month"
  | "GB-month"
  | "GB"
  | "GB-second"
  | "second"
  | "request"
  | "state transition";

export interface Price {
  /** The billed item, as passed to `priceOf`. */
  readonly item: string;
  /** `any` if AWS has one price for all regions. */
  readonly region: string;
  readonly unit: Unit;
  readonly usd: number;
  readonly source: string;
  /** When the source was read. */
  readonly read: string;
  readonly verified: boolean;
}

type Origin = Pick<Price, "source" | "read" | "verified">;

const read = "2026-11-22";
const sageMakerPage: Origin = {
  source: "https://aws.amazon.com/sagemaker/ai/pricing/",
  read,
  verified: false,
};
/** A bill that AWS published for December 2023. */
const irelandBill: Origin = {
  source: "https://github.com/aws-samples/sagemaker-ssh-helper/blob/main/Sample_Costs.md",
  read,
  verified: true,
};
/** A copy of AWS's price list for Ireland, with the numbers of its entries. */
const irelandPriceList: Origin = {
  source:
    "https://github.com/henderjm/world-cup-sweepstake/blob/57a6d34883744a028d2b1555e70a692265a47f49/docs/costs/aws-ireland-rates.json",
  read: "2026-11-28",
  verified: false,
};
/** Constants in a tool by AWS, without a region. */
const serverlessBenchmark: Origin = {
  source: "https://github.com/aws-samples/sagemaker-serverless-inference-benchmarking",
  read,
  verified: false,
};
const stepFunctionsPage: Origin = {
  source: "https://aws.amazon.com/step-functions/pricing/",
  read,
  verified: true,
};
const lambdaPage: Origin = {
  source: "https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html",
  read,
  verified: true,
};
const cloudWatchPage: Origin = {
  source: "https://aws.amazon.com/cloudwatch/pricing/",
  read,
  verified: false,
};
const s3Page: Origin = { source: "https://aws.amazon.com/s3/pricing/", read, verified: false };
const kmsPage: Origin = { source: "https://aws.amazon.com/kms/pricing/", read, verified: true };

const allUses: readonly InstanceUse[] = ["hosting", "processing", "training", "transform"];

/** The billed item of an instance type in one use. */
export function instanceItem(use: InstanceUse, instanceType: string): string {
  return `${use} ${instanceType}`;
}

function instance(
  instanceType: string,
  region: string,
  usd: number,
  origin: Origin,
  uses: readonly InstanceUse[] = allUses,
): Price[] {
  return uses.map((use) => ({
    item: instanceItem(use, instanceType),
    region,
    unit: "hour",
    usd,
    ...origin,
  }));
}

const transitionRegions = [
  "us-east-1",
  "us-east-2",
  "us-west-2",
  "ca-central-1",
  "eu-west-1",
  "eu-west-2",
  "eu-central-1",
  "eu-north-1",
  "ap-northeast-1",
  "ap-southeast-1",
  "ap-southeast-2",
];

export const prices: readonly Price[] = [
  ...instance("ml.t2.medium", "us-east-1", 0.056, serverlessBenchmark, ["hosting"]),
  ...instance("ml.t2.large", "us-east-1", 0.112, sageMakerPage, ["hosting"]),
  ...instance("ml.t3.medium", "us-east-1", 0.05, sageMakerPage, ["processing"]),
  ...instance("ml.t3.large", "us-east-1", 0.1, sageMakerPage, ["processing"]),
  ...instance("ml.m5.large", "us-east-1", 0.115, sageMakerPage),
  ...instance("ml.m5.xlarge", "us-east-1", 0.23, sageMakerPage),
  ...instance("ml.m5.2xlarge", "us-east-1", 0.461, sageMakerPage),
  ...instance("ml.m5.4xlarge", "us-east-1", 0.922, sageMakerPage),
  ...instance("ml.c5.large", "us-east-1", 0.102, serverlessBenchmark, ["hosting"]),
  ...instance("ml.c5.xlarge", "us-east-1", 0.204, sageMakerPage),
  ...instance("ml.c5.2xlarge", "us-east-1", 0.408, sageMakerPage),
  ...instance("ml.c5.4xlarge", "us-east-1", 0.816, sageMakerPage),
  ...instance("ml.m5.xlarge", "eu-west-1", 0.257, irelandBill),
  // The bill contains it for Studio only; for ml.m5.xlarge it has the same price for all uses.
  ...instance("ml.m5.large", "eu-west-1", 0.128, { ...irelandBill, verified: false }),
  // Per second of processing and GB of memory.
  {
    item: "serverless inference",
    region: "us-east-1",
    unit: "GB-second",
    usd: 0.00002,
    ...serverlessBenchmark,
  },
  ...transitionRegions.map(
    (region): Price => ({
      item: "Step Functions Standard",
      region,
      unit: "state transition",
      usd: 0.000025,
      ...stepFunctionsPage,
    }),
  ),
  { item: "Lambda requests", region: "any", unit: "request", usd: 0.0000002, ...lambdaPage },
  { item: "Lambda duration", region: "any", unit: "GB-second", usd: 0.00001667, ...lambdaPage },
  { item: "KMS key", region: "any", unit: "month", usd: 1, ...kmsPage },
  { item: "CloudWatch dashboard", region: "any", unit: "month", usd: 3, ...cloudWatchPage },
  { item: "CloudWatch alarm", region: "us-east-1", unit: "month", usd: 0.1, ...cloudWatchPage },
  { item: "CloudWatch custom metric", region: "us-east-1", unit: "month", usd: 0.3, ...cloudWatchPage },
  { item: "CloudWatch Logs, ingested", region: "us-east-1", unit: "GB", usd: 0.5, ...cloudWatchPage },
  { item: "S3 Standard storage", region: "us-east-1", unit: "GB-month", usd: 0.023, ...s3Page },
  { item: "S3 PUT, COPY, POST, LIST", region: "us-east-1", unit: "request", usd: 0.000005, ...s3Page },
  { item: "S3 GET", region: "us-east-1", unit: "request", usd: 0.0000004, ...s3Page },
  { item: "CloudWatch alarm", region: "eu-west-1", unit: "month", usd: 0.1, ...irelandPriceList },
  { item: "CloudWatch custom metric", region: "eu-west-1", unit: "month", usd: 0.3, ...irelandPriceList },
  { item: "CloudWatch Logs, ingested", region: "eu-west-1", unit: "GB", usd: 0.57, ...irelandPriceList },
  { item: "S3 Standard storage", region: "eu-west-1", unit: "GB-month", usd: 0.023, ...irelandPriceList },
  {
    item: "S3 PUT, COPY, POST, LIST",
    region: "eu-west-1",
    unit: "request",
    usd: 0.000005,
    ...irelandPriceList,
  },
  { item: "S3 GET", region: "eu-west-1", unit: "request", usd: 0.0000004, ...irelandPriceList },
];

/** Returns the price of `item` in `region`; undefined if no row has it. */
export function priceOf(item: string, region: string): Price | undefined {
  const rows = prices.filter((price) => price.item === item);
  return rows.find((price) => price.region === region) ?? rows.find((price) => price.region === "any");
}
