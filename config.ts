/** The configuration: the environments, and the workflow. Edit this file. */

import { defineConfig } from "./configuration/define";

// The first two rows of the data set: MedInc, HouseAge, AveRooms, AveBedrms, Population, AveOccup, Latitude, Longitude.
const instances = [
  [8.3252, 41, 6.98412698, 1.02380952, 322, 2.55555556, 37.88, -122.23],
  [8.3014, 21, 6.23813708, 0.97188049, 2401, 2.10984183, 37.86, -122.22],
];
const folder = "python/scripts";

export default defineConfig({
  /**
   * `configuration/environment-schema.ts` documents the keys of an entry.
   *
   * `local` is the emulator. Set your own accounts in the others before you deploy them.
   */
  environments: {
    local: {
      region: "us-east-1",
      account: "123456789012",
      stateBucket: "tfstate-housing-local",
      forceDestroy: true,
      endpoint: { kind: "instance", capture: { percentage: 100 } },
      experiments: true,
      notifications: { emails: ["ml-team@example.com"] },
    },
    dev: {
      region: "us-east-1",
      account: "111122223333",
      stateBucket: "tfstate-housing-dev-111122223333",
      forceDestroy: true,
      endpoint: { kind: "serverless" },
    },
    staging: {
      region: "eu-west-1",
      account: "222233334444",
      stateBucket: "tfstate-housing-staging-222233334444",
      notifications: { emails: ["ml-team@example.com"] },
    },
    prod: {
      region: "eu-west-1",
      account: "333344445555",
      stateBucket: "tfstate-housing-prod-333344445555",
      endpoint: {
        kind: "instance",
        instanceType: "ml.m5.large",
        initialInstanceCount: 2,
        autoscaling: { minInstances: 2, maxInstances: 4, invocationsPerInstance: 1000 },
        capture: { percentage: 100 },
      },
      gate: { threshold: 0.75 },
      schedule: { expression: "cron(0 3 ? * MON *)", timeZone: "Europe/Zurich" },
      monitor: { schedule: { expression: "rate(1 day)" } },
      notifications: { emails: ["ml-team@example.com"] },
      alarms: { noTrafficMinutes: 60 },
      retention: { logsInDays: 365 },
      tags: { "cost-center": "ml" },
    },
  },

  /** The recipe's workflow; `workflow/props.ts` documents each prop. An environment's values override it. */
  workflow: {
    prefix: "housing",
    processing: { folder, entryPoint: "preprocessing.py" },
    training: {
      folder,
      entryPoint: "training.py",
      hyperparameters: {
        "n-estimators": 100,
        "max-depth": 10,
        "min-samples-split": 5,
        "random-state": 42,
      },
      metrics: ["train_rmse", "test_rmse", "train_r2", "test_r2", "train_mae", "test_mae"],
    },
    inference: { folder, entryPoint: "inference.py" },
    monitor: { folder, entryPoint: "monitor.py" },
    retraining: {},
    gate: { metric: "test_r2", threshold: 0.7 },
    // The rows' true values are 4.526 and 3.585; no value of the data set is above 5.00001.
    smokeTest: { examples: [{ instances, low: 1, high: 5.00001 }] },
  },

  /** A run to try the workflow out, with `npm start` or `npm run execute`. */
  testRun: {
    executionInput: { DataPrefix: "raw-data/" },
    instances,
    worseHyperParameters: { "n-estimators": 1, "max-depth": 1 },
  },
});
