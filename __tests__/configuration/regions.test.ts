import { partition } from "@aws-sdk/core/client";
import { regionProblem, regions } from "../../configuration/regions";

it.each(regions)("%s is a region of the SDK", (region) => {
  expect(partition(region)).toHaveProperty("description");
  expect(regionProblem(region)).toBeUndefined();
});

it("leaves a new region of known words to AWS", () => {
  expect(regionProblem("eu-west-4")).toBeUndefined();
});

it.each([
  ["eu-centrl-1", "; did you mean eu-central-1?"],
  ["us-est-1", "; did you mean us-east-1?"],
  ["eu-west1", "; did you mean eu-west-1?"],
  ["eu-wset-1", "; did you mean eu-west-1?"],
  ["eu-west-1a", "; did you mean eu-west-1?"],
  ["Frankfurt", ""],
  ["", ""],
])("refuses %j", (region, more) => {
  expect(regionProblem(region)).toBe(`must be an AWS region such as us-east-1, got ${region}${more}`);
});
