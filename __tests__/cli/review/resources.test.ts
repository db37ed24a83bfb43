import { drifts, resourceSummaries } from "../../../cli/review/resources";
import { parsePlan, parseSynthesized } from "../../../cli/terraform/plan-json";

const stack = parseSynthesized("dev", {});
const resource = (address: string, change: object, more: object = {}) => {
  const [type, name] = address.split(".");
  return { address, type, name, mode: "managed", change, ...more };
};
const plan = (changes: object[], drift: object[] = []) =>
  parsePlan("dev", { format_version: "1.2", resource_changes: changes, resource_drift: drift });
const update = (before: object, after: object) => ({ actions: ["update"], before, after });

describe("resourceSummaries", () => {
  it("puts the gravest first, and leaves out data sources and what stays", () => {
    const changes = [
      resource("a.Added_12345678", { actions: ["create"], before: null, after: {} }),
      resource("a.Changed", update({ x: 1 }, { x: 2 })),
      resource("a.Kept", { actions: ["no-op"], before: {}, after: {} }),
      resource("a.Read", { actions: ["read"], before: null, after: {} }, { mode: "data" }),
      resource("a.Gone", { actions: ["delete"], before: {}, after: null }),
      resource("a.New", { actions: ["create", "delete"], before: {}, after: {} }),
      resource("a.Left", { actions: ["forget"], before: {}, after: null }),
    ];
    expect(resourceSummaries(plan(changes), stack).map(({ action, name }) => [action, name])).toEqual([
      ["destroy", "Gone"],
      ["replace", "New"],
      ["forget", "Left"],
      ["change", "Changed"],
      ["add", "Added"],
    ]);
  });

  it("explains why a resource is recreated if no attribute does", () => {
    const tainted = resource(
      "a.Half",
      { actions: ["delete", "create"], before: {}, after: {} },
      { action_reason: "replace_because_tainted" },
    );
    expect(resourceSummaries(plan([tainted]), stack)[0]?.reason).toBe("its last creation did not finish");
  });

  it("shows plain values, not long ones, nor what only the deploy tells", () => {
    const change = {
      ...update({ days: 30, list: [1], arn: "a", note: "" }, { days: 90, list: [2], note: "x" }),
      after_unknown: { arn: true },
    };
    expect(resourceSummaries(plan([resource("a.B", change)]), stack)[0]?.attributes).toEqual([
      { attribute: "days", before: "30", after: "90" },
      { attribute: "list" },
      { attribute: "note", before: "none", after: "x" },
    ]);
  });
});

describe("drifts", () => {
  const planned = resource("a.B", update({ days: 7, name: "n" }, { days: 30, name: "n" }));

  it("names what somebody changed and the deploy sets back, nothing else", () => {
    const drift = resource("a.B", update({ days: 30, name: "m", arn: "" }, { days: 7, name: "n", arn: "x" }));
    expect(drifts(plan([planned], [drift]), stack)).toEqual([
      { type: "a", name: "B", attributes: [{ attribute: "days", before: "30", after: "7" }] },
    ]);
  });

  it("leaves out a resource that the deploy does not touch", () => {
    const kept = resource("a.B", { actions: ["no-op"], before: { days: 7 }, after: { days: 7 } });
    const drift = resource("a.B", update({ days: 30 }, { days: 7 }));
    expect(drifts(plan([kept], [drift]), stack)).toEqual([]);
  });

  it("tells of a resource that is gone", () => {
    const again = resource("a.B", { actions: ["create"], before: null, after: {} });
    const drift = resource("a.B", { actions: ["delete"], before: {}, after: null });
    expect(drifts(plan([again], [drift]), stack)).toEqual([{ type: "a", name: "B" }]);
  });
});
