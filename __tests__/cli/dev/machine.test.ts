import { enteredMachine } from "../../../cli/dev/machine";
import { workflowStateMachine } from "../../../workflow/resources";
import { workflow } from "../../fixtures";

it("is a state machine of its own: prepared as the workflow's, then entered at the step", () => {
  const machine = workflowStateMachine(workflow());
  const entered = enteredMachine(machine, {
    state: "ModelTraining",
    variables: { processedDataUrl: "s3://b/k" },
  });
  expect(entered).toMatchObject({
    name: `${machine.name}-dev`,
    logGroupName: `${machine.logGroupName}-dev`,
    role: { ...machine.role, sourceArn: `${machine.role.sourceArn}-dev` },
  });
  const { StartAt, States } = JSON.parse(entered.definition);
  expect([StartAt, States.PinCode.Next, States.Enter.Next]).toEqual(["ReadInput", "Enter", "ModelTraining"]);
  expect(States.DataPreprocessing).toBeUndefined();
  expect(States.ModelTraining).toEqual(JSON.parse(machine.definition).States.ModelTraining);
});
