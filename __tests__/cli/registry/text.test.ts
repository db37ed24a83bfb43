import type { ModelVersion } from "../../../cli/registry/model-versions";
import { comparisonText, servingText, versionsText } from "../../../cli/registry/text";
import { gateSettings } from "../../../workflow/gate";

function version(number: number, more: Partial<ModelVersion> = {}): ModelVersion {
  return {
    arn: `arn:aws:sagemaker:us-east-1:111122223333:model-package/wine-prod/${number}`,
    version: number,
    approval: "Approved",
    since: new Date("2026-11-05T12:34:56Z"),
    inService: false,
    metrics: { auc: 0.94, training_samples: 16512 },
    content: { InferenceSpecification: undefined },
    // What the gate of the environment that trained it said.
    properties: { metric: "auc", value: "0.94", threshold: "0.8", execution: `run-${number}` },
    ...more,
  };
}

const pending = { approval: "PendingManualApproval" };

describe("versionsText", () => {
  const gate = gateSettings({ metric: "auc", threshold: 0.95 });

  it("shows the gate of the environment itself, not of the one that trained the version", () => {
    const found = [version(2, { metrics: { auc: 0.961234 }, inService: true }), version(1)];
    expect(versionsText(found, gate)).toBe(
      [
        "Versions (newest first)",
        "     2  Approved               auc 0.9612 > 0.95  2026-11-05 12:34  run-2  in service",
        "     1  Approved               auc 0.94, not > 0.95  2026-11-05 12:34  run-1",
      ].join("\n"),
    );
  });

  it("says that a version lacks the gate's metric", () => {
    expect(versionsText([version(1, { metrics: {} })], gate)).toContain("no auc");
  });
});

describe("servingText", () => {
  it.each([
    [
      [version(5, pending), version(4, { inService: true })],
      "version 4 is in service; version 5 waits for approval: npm run approve -- prod 5",
    ],
    [
      [version(6, pending), version(5, pending)],
      "no version is in service; version 6 (and 5) waits for approval: npm run approve -- prod 6",
    ],
    [[version(4, { inService: true }), version(3)], "version 4 is in service"],
  ])("names what is in service and the command for what waits", (versions, text) => {
    expect(servingText("prod", versions)).toBe(text);
  });
});

describe("comparisonText", () => {
  it("has a column for the difference, and numbers for people", () => {
    const champion = version(1, { metrics: { auc: 0.9, training_samples: 16000, old: 1 } });
    expect(comparisonText(version(2), champion)).toBe(
      [
        "                    version 2  version 1 in service  difference",
        "  auc                    0.94                   0.9       +0.04",
        "  training_samples      16512                 16000        +512",
      ].join("\n"),
    );
  });

  it("has none while nothing is in service", () => {
    expect(comparisonText(version(2), undefined)).toMatch(
      / version 2 {2}nothing in service\n {2}auc .* 0\.94 +-\n/,
    );
  });
});
