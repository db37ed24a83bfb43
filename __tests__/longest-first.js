const { default: Sequencer } = require("@jest/test-sequencer");

const longest = ["terraform/", "runs/permissions/", "runs/rehearsal", "runs/", "security/"];

/** Long tests first, so that no worker waits for one at the end; a fresh clone does not know yet how long each takes. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const found = longest.findIndex((part) => path.includes(`/__tests__/${part}`));
      return found < 0 ? longest.length : found;
    };
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
};
