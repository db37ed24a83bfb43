import {
  ProcessingInstanceType,
  ProductionVariantInstanceType,
  TrainingInstanceType,
} from "@aws-sdk/client-sagemaker";
import { type InstanceUser, instanceFamilies, instanceTypeProblem } from "../../configuration/instance-types";

const known: Readonly<Record<InstanceUser, readonly string[]>> = {
  endpoints: Object.values(ProductionVariantInstanceType),
  jobs: [...Object.values(ProcessingInstanceType), ...Object.values(TrainingInstanceType)],
};

it.each(["endpoints", "jobs"] as const)("every type of the SDK for %s is right", (user) => {
  expect(known[user].length).toBeGreaterThan(200);
  for (const type of known[user]) expect([type, instanceTypeProblem(type, user)]).toEqual([type, undefined]);
});

it("has no family, size or use that the SDK does not have", () => {
  for (const [family, { users, sizes }] of Object.entries(instanceFamilies)) {
    for (const size of sizes) {
      const type = `ml.${family}.${size}`;
      expect([type, Object.values(known).some((types) => types.includes(type))]).toEqual([type, true]);
    }
    for (const user of users) {
      expect([family, known[user].some((type) => type.startsWith(`ml.${family}.`))]).toEqual([family, true]);
    }
  }
});

it("leaves a family that it does not know to AWS", () => {
  expect(instanceTypeProblem("ml.m99.large", "jobs")).toBeUndefined();
  expect(instanceTypeProblem("ml.constructor.large", "jobs")).toBeUndefined();
});
