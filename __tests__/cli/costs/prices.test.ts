import { endpointCostPerDay } from "../../../cli/costs/endpoint-cost";
import { priceOf, prices } from "../../../cli/costs/prices";

describe("the price table", () => {
  it("has one row for each thing in each region", () => {
    const keys = prices.map(({ item, region }) => `${item} in ${region}`);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it.each(prices)("says where it has $item in $region from, and when", ({ usd, source, read }) => {
    expect(usd).toBeGreaterThan(0);
    expect(new URL(source).protocol).toBe("https:");
    expect(new Date(read).toISOString().slice(0, 10)).toBe(read);
  });
});

describe("priceOf", () => {
  it("prefers the region's own row to one for all", () => {
    expect(priceOf("processing ml.m5.xlarge", "eu-west-1")).toMatchObject({ usd: 0.257, verified: true });
    expect(priceOf("KMS key", "eu-west-1")).toMatchObject({ region: "any", usd: 1 });
  });

  it("knows no price that no row has", () => {
    expect(priceOf("hosting ml.m5.xlarge", "ap-south-1")).toBeUndefined();
  });
});

describe("endpointCostPerDay", () => {
  const large = { InstanceType: "ml.m5.large", InitialInstanceCount: 2 };

  it("adds the variants up", () => {
    const medium = { InstanceType: "ml.t2.medium", InitialInstanceCount: 1 };
    expect(endpointCostPerDay([large, medium], "us-east-1")).toBeCloseTo(24 * (2 * 0.115 + 0.056));
  });

  it("is nothing for a serverless variant, unless its concurrency is provisioned", () => {
    expect(endpointCostPerDay([{ ServerlessConfig: {} }], "us-east-1")).toBe(0);
    const provisioned = { ServerlessConfig: { ProvisionedConcurrency: 1 } };
    expect(endpointCostPerDay([provisioned], "us-east-1")).toBeUndefined();
  });

  it("is unknown where one price is", () => {
    expect(endpointCostPerDay([large, { InstanceType: "ml.x9.large" }], "us-east-1")).toBeUndefined();
  });
});
